#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# linphone and baresip register with jalurd and call each other by name, each once: by TLS, or
# by each of TRANSPORTS. Each must have heard the other's tone.
. "$(dirname "$0")/lib.sh"
. "$here/peers.sh"
. "$here/baresip.sh"
. "$here/subscribers.sh"
. "$here/linphone.sh"
transports=${TRANSPORTS:-tls}
setup
plan $((2 + 13 * $(wc -w <<<"$transports") + 1))

alice_is() { linphone_says "a-$transport" "$1"; }

# recorded FILE: and no longer being written
recorded() { [ "$(stat -c %s "$1")" -gt 20000 ] && ! fuser_of "$1"; }
fuser_of() { find /proc/[0-9]*/fd -lname "$1" 2>/dev/null | grep -q .; }

phones_are_made() {
	make_linphone "a-$transport" $CALLER "$tone" alice ecila "$transport"
	make_phone "b-$transport" $CALLEE 620 \
		"$(subscriber bob bob "$transport" $INSIDE answermode=auto)" &&
		start_phone "$callee_ns" "b-$transport" && phones=$! &&
		start_linphone "$caller_ns" "a-$transport" $OUTSIDE && phones="$phones $!"
}

linphone_calls() {
	tell_linphone "a-$transport" "record $dir/first-$transport.wav" "call sip:bob@example.com" &&
		wait_for call_is_up
}

baresip_calls() {
	rm "$dir/b-$transport"/*dec*.wav
	tell_linphone "a-$transport" "record $dir/second-$transport.wav" &&
		tell_callee dial "sip:alice@example.com" && wait_for call_is_up
}

has_heard() { wait_for recorded "$1" && has_tone 620 "$1"; }

stop_phones() {
	kill $phones
	wait $phones 2>/dev/null
}

must "certificates are made" certificates jalur.example
write_domain "udp tcp tls" "" "$NO_DNS" </dev/null
hosts "$caller_ns" "$OUTSIDE jalur.example"
must "jalurd starts" start_jalurd_again
tone=400
for transport in $transports; do
	tone=$((tone + 140))
	must "$transport: the phones start" phones_are_made
	must "$transport: both are registered" both_registered "$transport"
	must "$transport: linphone calls baresip" linphone_calls
	check "$transport: the relay has a session" eval 'sessions_are 1 && media_sockets_are_right'
	check "$transport: audio is relayed both ways" wait_for relayed 100
	check "$transport: linphone hangs up" eval 'tell_linphone a-$transport terminate && wait_for no_calls'
	check "$transport: linphone has heard baresip" has_heard "$dir/first-$transport.wav"
	check "$transport: baresip has heard linphone" hears "b-$transport" $tone
	must "$transport: baresip calls linphone" baresip_calls
	check "$transport: audio is relayed both ways" wait_for relayed 100
	check "$transport: baresip hangs up" eval 'tell_callee hangup && wait_for no_calls'
	check "$transport: linphone has heard baresip" has_heard "$dir/second-$transport.wav"
	check "$transport: baresip has heard linphone" hears "b-$transport" $tone
	stop_phones
done
check "no session is left" wait_for sessions_are 0
ktap_finished
