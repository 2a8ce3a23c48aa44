#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# jalurd is killed in the middle of a call that it has stored. Another one goes on with
# it: hold, resume and BYE pass as if nothing had happened; with the kernel's relay no
# packet was lost meanwhile, with the one in userspace the same ports are open again. A
# stop that keeps calls does no more harm. A call that rang is lost, with a record of it.
. "$(dirname "$0")/lib.sh"
setup
plan 18

kill_jalurd() {	# signal
	wait_for written_down || return 1
	kill "-$1" "$jalurd_pid"
	wait "$jalurd_pid" 2>/dev/null
	mv "$dir/jalurd.log" "$dir/jalurd.log.$1"
	! kill -0 "$jalurd_pid" 2>/dev/null
}

goes_on() { start_jalurd_again && log_has "1 calls of an earlier run go on, 0 are lost"; }
call_held_is() { ctl call list --json | jq -e ".calls[0].held == $1" >/dev/null; }
call_rings() { ctl call list --json | grep -q '"ringing"'; }
audio_both_ways() { start_audio 50 "$1" && audio_complete; }

# The relay in userspace was away, and its packets were lost; it has the ports again.
audio_went_on() {
	[ "$RELAY" = kernel ] && { audio_complete; return; }
	audio_complete >/dev/null
	media_sockets_are_right && audio_both_ways 20000
}

# With the relay in userspace, stopping hangs up: there it is killed once more.
stop_signal() { [ "$RELAY" = kernel ] && echo TERM || echo KILL; }

records_are() { jq -se "$1" "$dir/cdr" >/dev/null || { sed 's/^/# /' "$dir/cdr"; return 1; }; }

recovered='.[0] | .restart == "recovered" and .status == 200 and .ended_by == "caller" and
	.a.trunk == "phones" and .b.trunk == "pbx" and .route == "in" and .duration_ms >= 1000'
[ "$RELAY" != kernel ] || recovered="$recovered and .streams[0].a.received.packets >= 600"
lost='.[1] | .restart == "lost" and .status == 0 and .answer == null and .setup != null and
	.a.trunk == "phones" and (.a.request_uri | startswith("sip:4930123@"))'

check "jalurd starts" start_jalurd "store: {file: $dir/store}" "cdr: {file: $dir/cdr}" "on-stop: keep"
check "the call is set up" start_call uac_hold uas_hold
check "audio starts" start_audio 600
sleep 1.5
check "jalurd is killed in the middle of the call" kill_jalurd KILL
sleep 1
check "another jalurd goes on with the call" goes_on
check "audio went on" audio_went_on
go_on caller
check "the caller holds" wait_for call_held_is true
go_on caller
check "the caller resumes" wait_for call_held_is false
check "audio passes both ways" audio_both_ways 5000
check "jalurd is stopped, the call kept" kill_jalurd "$(stop_signal)"
check "another one goes on with it again" goes_on
go_on caller
check "caller and callee are through" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
check "no session is left" wait_for sessions_are 0
check "the record says that the call outlived a restart" records_are "$recovered"
check "another call rings" eval 'start_callee uas_cancel && start_caller uac_wait && wait_for call_rings'
check "jalurd is killed while it rings" kill_jalurd KILL
check "the next one does not know it" eval 'start_jalurd_again && log_has "0 calls of an earlier run go on, 1 are lost"'
check "its record says that it was lost" records_are "$lost"
ktap_finished
