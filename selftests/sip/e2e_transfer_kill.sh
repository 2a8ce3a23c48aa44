#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# jalurd is killed in the middle of a transfer: alice has called bob, refers him to carol, and
# another jalurd finds what the first has written. While carol rings, or bob is being asked for
# the new media, the call returns and carol is out of it; when it is done alice is. Whoever is
# left can hang up, alice's subscription ends, and nothing stays in the relay.
. "$(dirname "$0")/lib.sh"
. "$here/peers.sh"
. "$here/pieces.sh"
CAROL_RTP=7000
FIRST_ROUTES="
  - {name: desk, match: {trunk: phones, number: \"2000\"}, to: {trunk: desk}}"
setup
plan 22

alice() {	# what comes after she was told that carol rings
	calls $CALLER_RTP
	waits
	asks REFER 2 "Refer-To: <sip:2000@$OUTSIDE>"
	echo '<recv response="202" />'
	is_told 100 && takes
	is_told 180 told-180 && takes
	cat
}

bob() {
	is_called b
	answers $CALLEE_RTP
	hears ACK
	cat
}

carol() {
	is_called c
	cat
}

# He has not said what he thinks of it.
is_asked() { hears INVITE asked && takes "100 Trying"; }

configured() {
	config "store: {file: $dir/store}" "cdr: {file: $dir/cdr}" |
		sed 's/phones: {/phones: {transfer: handle, /' >"$dir/jalurd.yaml"
}

start_carol() {	# scenario
	start_sipp "$callee_ns" "$1" -i $CALLEE -p 5062 -mp 40100
	carol_pid=$!
	wait_for callee_listens 5062
}

# Alice and bob are in a call, and she has referred him to carol, who rings.
carol_rings() {	# number of the story
	rm -f "$dir"/{port-a,port-b,callid-b,callid-c,told-*,asked}
	start_carol "carol$1" && start_callee "bob$1" && start_caller "alice$1" &&
		wait_for test -s "$dir/port-a" && wait_for call_is_up && go_on caller &&
		wait_for test -e "$dir/told-180"
}

restarted() {
	wait_for written_down
	kill -9 "$jalurd_pid"
	wait "$jalurd_pid" 2>/dev/null
	mv "$dir/jalurd.log" "$dir/jalurd.log.$1"
	start_jalurd_again
}

# What is left of the transfer has gone, too.
one_call_is_up() { ctl call list --json | jq -e '.calls | length == 1 and .[0].state == "up"' >/dev/null; }
nothing_is_left() { sessions_are 0 && ctl call list --json | jq -e '.calls == []' >/dev/null; }
done_are() {	# pid...
	local pid

	for pid; do
		sipp_done "$pid" || return 1
	done
}

transferred() { jq -se '[.[] | select(.transferred_from)] | last | .status == 200' "$dir/cdr" >/dev/null; }

must "jalurd starts" eval 'configured && start_jalurd_again'

{ is_told 503 told-503 && takes; waits; asks BYE 3; echo '<recv response="200" />'; } |
	alice | make_scenario alice1
is_let_go | bob | make_scenario bob1
{ hears CANCEL && takes; rings_off; } | carol | make_scenario carol1
must "alice refers bob to carol, who rings" carol_rings 1
check "jalurd is killed, and another one starts" restarted 1
check "alice is told that nothing comes of it" wait_for test -e "$dir/told-503"
check "carol is called no more" done_are "$carol_pid"
check "the call is as it was" wait_for one_call_is_up
check "it has a session" sessions_are 1
go_on caller
check "alice can hang up" done_are "$caller_pid" "$callee_pid"
check "nothing is left" wait_for nothing_is_left

{ is_told 503 told-503 && takes; is_let_go; } | alice | make_scenario alice2
{ is_asked; hears INVITE && takes_offer $CALLEE_RTP 2; waits; hangs_up 1; } | bob | make_scenario bob2
{ waits; answers $CAROL_RTP; is_let_go; } | carol | make_scenario carol2
must "alice refers bob to carol again" carol_rings 2
must "she answers, and he is asked for the new media" eval 'go_on desk && wait_for test -e "$dir/asked"'
check "jalurd is killed, and another one starts" restarted 2
check "alice is told that nothing comes of it" wait_for test -e "$dir/told-503"
check "the call is as it was" wait_for one_call_is_up
go_on callee
check "bob can hang up, and carol is out of it" done_are "$caller_pid" "$callee_pid" "$carol_pid"
check "nothing is left" wait_for nothing_is_left

{ is_told 200 told-200; is_let_go; } | alice | make_scenario alice3
{ is_asked; takes_offer $CALLEE_RTP 2; is_let_go; } | bob | make_scenario bob3
{ waits; answers $CAROL_RTP; hears ACK; waits; hangs_up 1; } | carol | make_scenario carol3
must "alice refers bob to carol, who answers" eval 'carol_rings 3 && go_on desk'
check "it is done, and she has not taken that yet" wait_for test -e "$dir/told-200"
check "jalurd is killed, and another one starts" restarted 3
check "alice is let go" done_are "$caller_pid"
go_on desk
check "carol can hang up, and bob hears of it" done_are "$carol_pid" "$callee_pid"
check "nothing is left, and the record says who was put through" eval 'wait_for nothing_is_left && wait_for transferred'
ktap_finished
