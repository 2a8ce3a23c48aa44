#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An INVITE without an offer: the callee's 200 makes one, the caller's ACK answers it.
# Audio passes as in any call.
. "$(dirname "$0")/lib.sh"
setup
plan 7

check "jalurd starts" start_jalurd
check "the call is set up" start_call uac_late uas_late
check "audio starts" start_audio 50
check "every packet arrived as it was sent, both ways" audio_complete
go_on caller
check "the caller is through" sipp_done "$caller_pid"
check "the callee is through" sipp_done "$callee_pid"
check "no session after BYE" sessions_are 0
ktap_finished
