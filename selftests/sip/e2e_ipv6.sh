#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A caller with IPv6 and a callee with IPv4: signalling and media change family
# on the way.
. "$(dirname "$0")/lib.sh"
ipv6_outside
setup
plan 6

check "jalurd starts" start_jalurd
check "the call is set up" start_call uac uas
check "every packet arrived as it was sent, both ways" eval 'start_audio 100 && audio_complete'
check "no wrong checksum" no_checksum_errors
go_on caller
check "caller and callee are through" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
check "no session is left" wait_for sessions_are 0
ktap_finished
