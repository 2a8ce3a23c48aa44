#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# At a limit of overload jalurd takes nothing new, says so, and counts it: at as many
# transactions as it may hold, and when its loop is late.
. "$(dirname "$0")/lib.sh"
setup
plan 6

# The first line of the answer and its Retry-After.
ask() {
	printf '%s\r\n' "OPTIONS sip:$OUTSIDE SIP/2.0" "Via: SIP/2.0/UDP $CALLER:5060;branch=z9hG4bKask;rport" \
		"From: <sip:a@$CALLER>;tag=ask" "To: <sip:$OUTSIDE>" "Call-ID: ask" "CSeq: 1 OPTIONS" \
		"Max-Forwards: 70" "Content-Length: 0" "" >"$dir/ask"
	# One write and one read are one datagram.
	in_caller bash -c "exec 3<>/dev/udp/$OUTSIDE/5060; cat $dir/ask >&3; timeout 60 dd bs=65536 count=1 <&3" \
		2>/dev/null | tr -d '\r' | grep -E '^SIP/2.0|^Retry-After'
}

fill() {
	in_caller sipp -sf "$here/scenarios/options.xml" -m 100 -i $CALLER -p 5060 -nostdin \
		-trace_err -error_file "$dir/fill.err" $OUTSIDE:5060 >"$dir/fill.out" 2>&1
}

refuses() {
	local answer

	answer=$(ask)
	echo "# $answer"
	[ "$answer" = "SIP/2.0 503 Service Unavailable"$'\n'"Retry-After: 7" ]
}

counted() { ctl info --json | jq -e >/dev/null '[.. | objects | .["sip-overload-transactions"]? // empty] | add >= 1'; }

is_late() {
	kill -STOP "$jalurd_pid"
	sleep 4
	kill -CONT "$jalurd_pid"
	wait_for log_has "overload begins: [0-9]+ ms late"
}

# An OPTIONS that was answered is kept for 64*T1 (RFC 3261, timer J).
check "jalurd starts" start_jalurd "overload: {lag: 3s, transactions: 100, retry-after: 7s}" \
	"timers: {t1: 2s}"
check "it answers as long as it may" fill
check "it refuses one transaction more" refuses
check "it counts the refusal" counted
check "it notices that it is late" is_late
check "it notices that it is no longer" wait_for log_has "overload ends"
ktap_finished
