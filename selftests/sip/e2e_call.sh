#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One call from its INVITE to its BYE, with audio both ways. Every packet that is
# sent while the call is up arrives, unchanged, from the relay's address; no
# socket of the relay sees one; after BYE nothing passes.
. "$(dirname "$0")/lib.sh"
setup
plan 13

two_snapshots() {	# the counters of the session rise while the call is up
	local first second

	first=$(ctl session list --json)
	sleep 1
	second=$(ctl session list --json)
	[ -n "$first" ] && [ "$first" != "$second" ]
}

check "jalurd starts" start_jalurd
check "no session before the call" sessions_are 0
check "the call is set up" start_call uac uas
check "the kernel has one session" sessions_are 1
check "audio starts" start_audio 250
check "counters rise while the call is up" two_snapshots
check "no socket of the relay has a media port" no_media_sockets
check "every packet arrived as it was sent, both ways" audio_complete
check "no wrong checksum" no_checksum_errors
go_on caller
check "the caller is through" sipp_done "$caller_pid"
check "the callee is through" sipp_done "$callee_pid"
check "no session after BYE" sessions_are 0
check "what is sent after BYE goes nowhere" nobody_hears
ktap_finished
