#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# At a limit of overload jalurd takes nothing new, says so, and counts it: at as many
# transactions as it may hold, and when its loop is late. A stranger may ask so often, and
# no more.
. "$(dirname "$0")/lib.sh"
setup
plan 9

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
	# The half of it is added at random.
	grep -qz "^SIP/2.0 503 Service Unavailable.Retry-After: \(7\|8\|9\|10\).$" <<<"$answer"
}

cause() {	# field of a cause of overload
	ctl info --json | jq -r ".daemon.overload.causes[] | select(.cause == \"$1\") | .$2"
}

lag_is_over() { [ "$(cause lag level)" = none ]; }

counted() { [ "$(cause transactions level)" = light ] && [ "$(cause transactions refused)" = 1 ]; }

# Twenty at once from an address that nobody knows.
flood() {
	in_caller python3 - $STRANGER $OUTSIDE <<-'END'
	import socket, sys
	me, there = sys.argv[1:]
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind((me, 5070))
	s.settimeout(2)
	answers, longest = [], 0
	for i in range(20):
	    ask = (f"OPTIONS sip:{there} SIP/2.0\r\nVia: SIP/2.0/UDP {me}:5070;branch=z9hG4bK{i};rport\r\n"
	           f"From: <sip:a@{me}>;tag=f\r\nTo: <sip:{there}>\r\nCall-ID: {i}\r\nCSeq: 1 OPTIONS\r\n"
	           "Max-Forwards: 70\r\nUser-Agent: a scanner of some sort\r\nAccept: application/sdp\r\n"
	           "Content-Length: 0\r\n\r\n")
	    s.sendto(ask.encode(), (there, 5060))
	try:
	    while True:
	        answer = s.recv(65536).decode()
	        answers.append(answer.split()[1])
	        longest = max(longest, len(answer) - len(ask))
	        if "jalur" in answer.lower():
	            print("# it says what it is")
	except socket.timeout:
	    pass
	print("# answers:", *answers, "bytes more than asked:", longest)
	sys.exit(answers != ["403"] * 5 + ["503"] or longest > 0)
	END
}

limited() { ctl info --json | jq -e '.daemon.counters["sip-rate-503"] == 1 and .daemon.counters["sip-rate-dropped"] == 14' >/dev/null; }

is_late() {
	kill -STOP "$jalurd_pid"
	sleep 4
	kill -CONT "$jalurd_pid"
	wait_for log_has "overload by lag.*: [0-9]+ ms late"
}

# An OPTIONS that was answered is kept for 64*T1 (RFC 3261, timer J).
check "jalurd starts" start_jalurd "overload: {lag: 3s, transactions: 100, retry-after: 7s}" \
	"limits-per-source: {rate: 1, burst: 5}" "timers: {t1: 2s}"
check "a stranger is refused five times, told that it is too often, and no more" flood
check "this is counted" limited
check "it answers as long as it may" fill
check "it refuses one transaction more" refuses
check "it counts the refusal" counted
check "it notices that it is late" is_late
check "it notices that it is no longer" wait_for lag_is_over
check "the trunk's address has no such limit" [ "$(ctl info --json | jq '.daemon.counters["sip-rate-dropped"]')" = 14 ]
ktap_finished
