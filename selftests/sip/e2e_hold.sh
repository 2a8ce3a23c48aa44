#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The caller puts the callee on hold: only it speaks. It resumes: both do. Silence
# while held does not end the call.
. "$(dirname "$0")/lib.sh"
setup
SILENCE=${SILENCE-8}	# s of it would end the call, were it not held; "": it never would
plan $((${SILENCE:+1} + 13))

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

# shows FROM PROMISED EXPRESSION: of the direction from there, as call show has it
shows() {
	local id
	id=$(ctl call list --json | jq -r '.calls[0].id')
	ctl call show "$id" --json | jq -e --arg from "$1" --argjson promised "$2" \
		".streams[0] | .codec == \"PCMU/8000\" and (.directions[] | select(.from == \$from) |
		.promised == \$promised and ($3))" >/dev/null && return
	ctl call show "$id" | sed 's/^/# /'
	return 1
}

# draws LINE...: each is in the ladder of the last call, one after the other
draws() {
	local line want
	ctl call trace >"$dir/ladder"
	exec 3<"$dir/ladder"
	for want in "$@"; do
		while read -r line <&3; do
			[[ $line == *"$want"* ]] && continue 2
		done
		echo "# no \"$want\" in the rest of:"
		sed 's/^/# /' "$dir/ladder"
		return 1
	done
}

check "jalurd starts" start_jalurd "timers: {media-idle: $((${SILENCE:-3600} * slow))s}"
check "the call is set up" start_call uac_hold uas_hold
check "audio passes both ways" eval 'start_audio 50 && audio_complete'
check "call show has what was promised, arrives and leaves" \
	eval 'shows a true ".arrived >= 50 and .left >= 50 and .refused == 0" && shows b true ".arrived >= 50"'
go_on caller
check "the call is held" wait_for call_is_held
check "the callee is not heard" callee_is_not_heard
check "call show says that it was not promised" shows b false '.source != null'
if [ -n "$SILENCE" ]; then
	sleep $(((SILENCE + 2) * slow))
	check "the call outlives the silence" call_is_held
fi
go_on caller
check "the call is resumed" wait_for call_is_not_held
check "audio passes both ways again" eval 'start_audio 50 5000 && audio_complete'
go_on caller
check "caller and callee are through" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
check "call trace draws what happened" draws "INVITE (1)" "100 Trying" "session made" \
	"INVITE (1)" "200 OK (INVITE)" "session changed" "ACK (1)" "media from here" "INVITE (2)" "session changed" "INVITE (3)" "BYE" "session gone"
check "call trace is what its schema says" eval 'ctl call trace --json >"$dir/trace" &&
	"$here/validate" "call-trace=$dir/trace"'
check "no session is left" wait_for sessions_are 0
ktap_finished
