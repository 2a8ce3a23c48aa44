#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The callee has two user agents. Both are called at once, one answers, the other is
# cancelled; then one after the other, the first being busy. Whoever answers is heard. The
# second has a name, so that for a moment there is neither the first nor the second.
. "$(dirname "$0")/lib.sh"
. "$here/peers.sh"
DESK_NAME=callee.example
setup
hosts "$relay_ns" "$CALLEE callee.example"
plan 13

second_agent() {	# scenario
	start_sipp "$callee_ns" "$1" -i $CALLEE -p 5062 -mp 41000 -t "$(sipp_mode $TO)"
	second_pid=$!
	wait_for callee_listens 5062
}

talk() {	# the first agent's scenario
	rm -f "$dir"/port-*
	second_agent uas && start_call uac "$1" && start_audio 50
}

hang_up() {
	go_on caller
	sipp_done "$caller_pid" && sipp_done "$second_pid"
}

ROUTE_TO="fork: [{trunk: pbx}, {trunk: desk}]"
check "jalurd starts" start_jalurd
check "both are called, the second answers" talk uas_cancel
check "the first is cancelled" sipp_done "$callee_pid"
check "the kernel has one session" sessions_are 1
check "every packet arrived as it was sent, both ways" audio_complete
check "both are through" hang_up
check "no session after BYE" sessions_are 0

ROUTE_TO="fork: [{trunk: pbx}, {trunk: desk, q: 0.5}]"
config >"$dir/jalurd.yaml"
kill -HUP "$jalurd_pid"
check "the route is changed" wait_for log_has "configuration loaded again"
check "the first is busy, the second answers" talk uas_busy
check "the first is through" sipp_done "$callee_pid"
check "every packet arrived as it was sent, both ways" audio_complete
check "both are through" hang_up
check "no session after BYE" sessions_are 0
ktap_finished
