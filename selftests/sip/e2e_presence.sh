#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Presence with two phones: alice's, which is SIPp, watches; bob's, which is baresip, comes and
# goes. She sees each change within two seconds, after jalurd was killed and started again, too.
. "$(dirname "$0")/lib.sh"
. "$here/peers.sh"
. "$here/baresip.sh"
. "$here/subscribers.sh"
setup
plan 15

start_with_events() {
	write_domain udp "" </dev/null
	sed -i 's/^    algorithms: .*/&\n    events: {presence: on}/' "$dir/jalurd.yaml"
	start_jalurd_again
}

alice_watches() {
	start_sipp "$caller_ns" watch -i $CALLER -p 5060 -trace_logs -log_file "$dir/seen" \
		"$OUTSIDE:5060"
}

notifies() { cat "$dir/seen" 2>/dev/null | grep -c Subscription-State; }

# The NOTIFYs that there are, and then one more that says so, within two seconds.
sees() {	# how-many what
	local end=$(($(date +%s%N) + 2000000000 * slow))

	until [ "$(notifies)" -ge "$1" ]; do
		[ "$(date +%s%N)" -lt $end ] || break
		sleep 0.05
	done
	[ "$(notifies)" = "$1" ] && tail -n 1 "$dir/seen" | grep -q "$2" && return
	sed 's/^/# /' "$dir/seen"
	return 1
}

bob_comes() {
	rm -rf "$dir/b-udp"
	make_phone b-udp $CALLEE 620 "$(subscriber bob bob udp $INSIDE)"
	start_phone "$callee_ns" b-udp && phones=$! && wait_for registered bob $CALLEE udp
}

# baresip takes its registration back when it stops.
bob_goes() {
	kill "$phones"
	wait "$phones" 2>/dev/null
	wait_for nobody_is_registered
}

nobody_is_registered() {
	ctl registration list --json | jq -e '.registrations == []' >/dev/null
}

restart() {
	wait_for written_down
	kill -KILL "$jalurd_pid"
	wait "$jalurd_pid" 2>/dev/null
	: >"$dir/jalurd.log"
	start_jalurd_again
}

watches() { ctl subscription list bob@example.com --json | jq '.subscriptions | length'; }

told_as_the_schemas_say() {
	local id

	ctl subscription list --json >"$dir/list"
	id=$(jq -r '.subscriptions[0].id' "$dir/list")
	ctl subscription show "$id" --json >"$dir/show" &&
		ctl presence show bob@example.com --json >"$dir/presence" &&
		ctl subscription del "$id" --json >"$dir/del" &&
		"$here/validate" subscription-list="$dir/list" subscription-show="$dir/show" \
			presence-show="$dir/presence" subscription-del="$dir/del"
}

shown_as_it_is() { ctl presence show bob@example.com | sed 1d |
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.stdin.buffer)'; }

must "jalurd starts" start_with_events
alice_watches
check "alice watches bob, who is not there" sees 1 closed
check "that is one subscription" [ "$(watches)" = 1 ]
must "bob's phone registers" bob_comes
check "she sees him come" sees 2 open
must "jalurd is killed and starts again" restart
check "she is told that he is there" sees 3 open
check "with the same subscription" [ "$(watches)" = 1 ]
must "bob's phone stops" bob_goes
check "she sees him go" sees 4 closed
must "bob's phone registers again" bob_comes
check "she sees him come" sees 5 open
check "the administrator sees what she sees" shown_as_it_is
check "the administrator ends it, told as the schemas say" told_as_the_schemas_say
check "she is told so" sees 6 terminated
ktap_finished
