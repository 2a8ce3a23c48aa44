#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is on the wire of one side has nothing of the other: a call with hold and resume is
# captured on both links, and every datagram of signalling is searched for addresses,
# Call-ID and tags of the other side.
. "$(dirname "$0")/lib.sh"
command -v tcpdump >/dev/null || skip_all "tcpdump is not installed"
setup
plan 8

capture() {	# ns name
	(exec ip netns exec "$1" tcpdump -i any -n -s 0 -U --immediate-mode -w "$dir/$2.pcap" udp port 5060 2>"$dir/$2.tcpdump") &
	sipp_pids="$sipp_pids $!"
	captures="$captures $!"
	wait_for grep -q "listening on" "$dir/$2.tcpdump"
}

captures_start() { captures=; capture "$caller_ns" a && capture "$callee_ns" b; }

captures_end() {
	local pid

	for pid in $captures; do
		kill -INT "$pid"
		wait "$pid"
	done
	[ -s "$dir/a.pcap" ] && [ -s "$dir/b.pcap" ]
}

# has NAME WORD: it is in that capture; the words are searched for as they are written
has() { grep -aqF -- "$2" "$dir/$1.pcap"; }

has_none() {	# capture, words
	local name=$1 word found=
	shift
	for word; do
		! has "$name" "$word" || { echo "# $word is in the capture of $name"; found=1; }
	done
	[ -z "$found" ]
}

# Tags and Call-IDs of a side, as its own capture has them.
identifiers() {
	grep -aohE '^(Call-ID|i): *[^[:cntrl:]]+|;tag=[[:alnum:].-]+' "$dir/$1.pcap" |
		sed 's/^[^:]*: *//; s/^;tag=//' | sort -u
}

separate() { [ -z "$(comm -12 <(identifiers a) <(identifiers b) | tee "$dir/common")" ] ||
	{ sed 's/^/# on both sides: /' "$dir/common"; return 1; }; }

check "jalurd starts" start_jalurd
check "both links are captured" captures_start
check "the call is set up" start_call uac_hold uas_hold
go_on caller
wait_for eval 'ctl call list --json | grep -qE "\"held\": ?true"'
go_on caller
wait_for eval 'ctl call list --json | grep -qE "\"held\": ?false"'
go_on caller
check "caller and callee are through" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
check "the captures have both calls" eval 'captures_end && has a "$CALLER" && has b "$CALLEE" &&
	[ "$(identifiers a | wc -l)" -ge 3 ] && [ "$(identifiers b | wc -l)" -ge 3 ]'
check "the caller's side has no address of the callee's" has_none a "$CALLEE" "$INSIDE"
check "the callee's side has no address of the caller's" has_none b "$CALLER" "$OUTSIDE"
check "no Call-ID and no tag is on both sides" separate
ktap_finished
