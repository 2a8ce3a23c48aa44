#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The caller gives up while it rings; another call meets a busy callee.
. "$(dirname "$0")/lib.sh"
setup
plan 7

ring() { start_callee "$2" && start_caller "$1"; }

check "jalurd starts" start_jalurd
check "it rings" ring uac_cancel uas_cancel
check "the caller is told 487" sipp_done "$caller_pid"
check "the callee is told to stop ringing" sipp_done "$callee_pid"
check "the callee is busy" eval 'ring uac_busy uas_busy && sipp_done $callee_pid'
check "the caller is told 486" sipp_done "$caller_pid"
check "no session is left" wait_for sessions_are 0
ktap_finished
