#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One call from its INVITE to its BYE, with audio both ways. Every packet that is
# sent while the call is up arrives, unchanged, from the relay's address, and is
# counted; the kernel's relay has no socket for it; after BYE nothing passes.
. "$(dirname "$0")/lib.sh"
setup
plan 16

two_snapshots() {	# the counters of the session rise while the call is up
	local first second

	first=$(figure rx_packets)
	sleep 1
	second=$(figure rx_packets)
	[ "$first" -gt 0 ] && [ "$second" -gt "$first" ]
}

record_has_media() {	# 250 packets each way, as the relay counted them
	jq -e '.ended_by == "caller" and .status == 200 and ([.streams[0] | .a, .b |
		.received.packets >= 250 and .sent.packets >= 250 and .received.lost == 0] | all)' \
		"$dir/cdr" >/dev/null || { sed 's/^/# /' "$dir/cdr"; return 1; }
}

check "jalurd starts" start_jalurd "cdr: {file: $dir/cdr}"
check "the relay that was asked for serves" serving_relay "$RELAY"
check "no session before the call" sessions_are 0
check "the call is set up" start_call uac uas
check "the relay has one session" sessions_are 1
check "audio starts" start_audio 250
check "counters rise while the call is up" two_snapshots
check "media ports have the sockets of this relay" media_sockets_are_right
check "every packet arrived as it was sent, both ways" audio_complete
check "each was counted, none refused or lost" eval \
	'[ "$(figure rx_packets) $(figure tx_packets) $(figure dropped) $(figure lost)" = "500 500 0 0" ]'
check "no wrong checksum" no_checksum_errors
go_on caller
check "the caller is through" sipp_done "$caller_pid"
check "the callee is through" sipp_done "$callee_pid"
check "no session after BYE" sessions_are 0
check "the call's record has every packet" record_has_media
check "what is sent after BYE goes nowhere" nobody_hears
ktap_finished
