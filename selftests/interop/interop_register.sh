#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# baresip registers with jalurd by UDP, TCP and TLS, from both sides, with a password, and the
# one calls the other by its name: what jalurd knows of the callee is what was registered, and
# by TCP and TLS the call comes by the connection that the phone made. Each must have heard the
# other's tone, which is another one in each call. A wrong password is refused. What was
# registered by UDP outlives jalurd.
. "$(dirname "$0")/../sip/lib.sh"
. "$here/peers.sh"
. "$here/baresip.sh"
. "$here/subscribers.sh"
setup
plan 40

# Two connections, both made by the phones; by UDP none.
connections_are_theirs() {	# transport
	ctl transport list --json >"$dir/list"
	if [ "$1" = udp ]; then
		jq -e '.connections == []' "$dir/list" >/dev/null
	else
		jq -e --arg t "${1^^}" '[.connections[] | .transport + " " + .direction] ==
			[$t + " in", $t + " in"]' "$dir/list" >/dev/null
	fi && return
	ctl transport list | sed 's/^/# /'
	return 1
}

hang_up() { tell_callee hangup && wait_for no_calls; }

stop_phones() {
	kill $phones
	wait $phones 2>/dev/null
}

nobody_is_registered() {
	ctl registration list --json | jq -e '.registrations == []' >/dev/null
}

mallory_is_refused() {
	make_phone mallory $CALLER 440 "$(subscriber alice guess udp $OUTSIDE)"
	start_phone "$caller_ns" mallory && phones=$! &&
		wait_for grep -q "alice@example.com.*403" "$dir/mallory.log"
}

nobody_called_alice() {
	ctl registration list --json | jq -e 'all(.registrations[]; .aor != "alice@example.com")' \
		>/dev/null && [ "$(counter credentials-wrong)" -ge 1 ]
}

restart() {
	kill "$jalurd_pid"
	wait "$jalurd_pid"
	: >"$dir/jalurd.log"
	start_jalurd_again
}

must "certificates are made" certificates jalur.example
write_domain "udp tcp tls" "" "$NO_DNS" </dev/null
must "jalurd starts" start_jalurd_again
check "alice with a wrong password is refused" mallory_is_refused
check "she is not registered, and that is counted" nobody_called_alice
stop_phones
tone=400
for transport in tls tcp udp; do
	tone=$((tone + 140))
	must "$transport: the phones are ready" make_subscribers $transport $tone
	must "$transport: both are registered" both_registered $transport
	must "$transport: alice calls bob" alice_calls_bob
	check "$transport: jalurd made no connection" connections_are_theirs $transport
	check "$transport: audio is relayed both ways" wait_for relayed 50
	check "$transport: bob hangs up" hang_up
	[ $transport = udp ] || stop_phones
	[ $transport = udp ] ||
		check "$transport: phones that stop take their registrations back" \
			wait_for nobody_is_registered
	check "$transport: alice has heard bob" hears a-$transport 620
	check "$transport: bob has heard alice" hears b-$transport $tone
done

registers=$(counter registrations)
check "phones have registered, before a restart" [ "$registers" -ge 6 ]
must "jalurd starts again" restart
check "both are registered" both_registered udp
rm "$dir"/?-udp/*dec*.wav
must "alice calls bob" alice_calls_bob
check "audio is relayed both ways" wait_for relayed 50
check "no phone had to register for that" [ "$(counter registrations)" = 0 ]
check "bob hangs up" hang_up
check "alice has heard bob" hears a-udp 620
check "bob has heard alice" hears b-udp $tone
check "no session is left" wait_for sessions_are 0
ktap_finished
