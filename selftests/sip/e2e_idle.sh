#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Both sides fall silent: the relay reports it, both legs get BYE with a Reason.
. "$(dirname "$0")/lib.sh"
setup
plan 8

check "jalurd starts" start_jalurd "timers: {media-idle: $((10 * slow))s}"
check "the call is set up" start_call uac_wait uas
check "audio starts" start_audio 50
check "every packet arrived" audio_complete
check "the caller got BYE" sipp_done "$caller_pid"
check "the callee got BYE" sipp_done "$callee_pid"
check "both were told why" grep -q 'Q.850;cause=102;text="media timeout"' "$dir/reason-a" "$dir/reason-b"
check "no session is left" wait_for sessions_are 0
ktap_finished
