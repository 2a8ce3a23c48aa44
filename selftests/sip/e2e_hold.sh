#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The caller puts the callee on hold: only it speaks. It resumes: both do. Silence
# while held does not end the call.
. "$(dirname "$0")/lib.sh"
setup
plan 10

call_is_held() { ctl call list --json | grep -qE '"held": ?true'; }
call_is_not_held() { ctl call list --json | grep -qE '"held": ?false'; }

# The callee speaks, as one that is on hold should not; the caller hears nothing.
callee_is_not_heard() {
	in_caller "$rtp_peer" --local "$(host $CALLER):$CALLER_RTP" --remote "$(host $OUTSIDE):$port_a" \
		--tone 440 --expect-tone 620 --expect 1 --linger 1200 >"$dir/rtp-held" &
	local listener=$!

	in_callee "$rtp_peer" --local "$(host $CALLEE):$CALLEE_RTP" --remote "$(host $INSIDE):$port_b" \
		--tone 620 --expect-tone 440 --send 25 --linger 200 >/dev/null
	wait "$listener"
	echo "# caller, while held: $(cat "$dir/rtp-held")"
	grep -q 'received=0 .*damaged=0' "$dir/rtp-held"
}

check "jalurd starts" start_jalurd "timers: {media-idle: $((8 * slow))s}"
check "the call is set up" start_call uac_hold uas_hold
check "audio passes both ways" eval 'start_audio 50 && audio_complete'
go_on caller
check "the call is held" wait_for call_is_held
check "the callee is not heard" callee_is_not_heard
sleep $((10 * slow))
check "the call outlives the silence" call_is_held
go_on caller
check "the call is resumed" wait_for call_is_not_held
check "audio passes both ways again" eval 'start_audio 50 5000 && audio_complete'
go_on caller
check "caller and callee are through" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
check "no session is left" wait_for sessions_are 0
ktap_finished
