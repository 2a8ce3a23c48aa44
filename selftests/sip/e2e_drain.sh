#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A node is taken out of service: the call that is up goes on and ends by itself, a new one
# is refused and told when to come back; afterwards there are calls again.
. "$(dirname "$0")/lib.sh"
setup
plan 13

drain_is() {	# jq condition
	ctl drain status --json | jq -e "$1" >/dev/null || { ctl drain status; return 1; }
}

# One datagram from the trunk's address, by another port.
ask() {
	in_caller python3 - $CALLER $OUTSIDE <<-'END'
	import re, socket, sys
	me, there = sys.argv[1:]
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind((me, 5070))
	s.settimeout(30)
	s.sendto((f"INVITE sip:4930@{there} SIP/2.0\r\nVia: SIP/2.0/UDP {me}:5070;branch=z9hG4bKd\r\n"
	          f"From: <sip:a@{me}>;tag=d\r\nTo: <sip:{there}>\r\nCall-ID: d\r\nCSeq: 1 INVITE\r\n"
	          f"Contact: <sip:a@{me}:5070>\r\nContent-Length: 0\r\n\r\n").encode(), (there, 5060))
	answer = s.recv(65536).decode()
	print("#", answer.split("\r\n")[0])
	seconds = re.search(r"Retry-After: (\d+)", answer)
	sys.exit(not answer.startswith("SIP/2.0 503") or not seconds or
	         not 10 <= int(seconds[1]) <= 15)
	END
}

# What is printed is what the schemas say.
is_valid() {
	ctl drain status --json >"$dir/drain.json" && ctl info --json >"$dir/info.json" &&
		"$here/validate" drain="$dir/drain.json" info="$dir/info.json"
}

start_watch() {
	ctl drain watch --interval 0.1 >"$dir/watch" &
	watch_pid=$!
	sipp_pids="$sipp_pids $watch_pid"
	wait_for grep -q "1 of 1 calls left" "$dir/watch"
}

ends_at_none() {
	wait "$watch_pid" && tail -n 1 "$dir/watch" | grep -q "0 of 1 calls left, 1 refused"
}

check "jalurd starts" start_jalurd
check "it is not draining" drain_is '.draining == false and .since == null'
check "a call is up" start_call uac uas
check "drain begins" eval 'ctl drain on | grep -q "draining: 1 of 1 calls left, 0 refused"'
check "its progress is watched" start_watch
check "a new call is refused, and told when to come back" ask
check "info says so" eval 'ctl info | grep -q "draining: takes no new ones"'
check "and both are as their schemas say" is_valid
check "the call goes on, and ends as its parties want" eval 'go_on caller && sipp_done $caller_pid'
check "the watch ends when no call is left" ends_at_none
check "it stays drained" drain_is '.draining and .calls == 0 and .calls_at_start == 1 and .refused == 1'
check "drain ends" eval 'ctl drain off --json | jq -e ".draining == false" >/dev/null'
check "there are calls again" eval 'start_call uac uas && go_on caller && sipp_done $caller_pid'
ktap_finished
