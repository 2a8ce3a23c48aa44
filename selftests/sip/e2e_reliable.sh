#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Before the answer: a reliable 183 with the session description, its PRACK on both legs,
# an UPDATE that moves the caller's media; then the call, with audio at the new address.
. "$(dirname "$0")/lib.sh"
CALLER_RTP=4400
setup
plan 8

is_acknowledged() {
	start_callee uas_reliable && start_caller uac_reliable &&
		wait_for test -s "$dir/acknowledged-b"
}

check "jalurd starts" start_jalurd
check "the 183 is acknowledged on both legs" is_acknowledged
go_on caller
check "the caller moves, and the call is set up" call_comes_up
check "audio starts, to where the UPDATE said" start_audio 50
check "every packet arrived as it was sent, both ways" audio_complete
go_on caller
check "the caller is through" sipp_done "$caller_pid"
check "the callee is through" sipp_done "$callee_pid"
check "no session after BYE" sessions_are 0
ktap_finished
