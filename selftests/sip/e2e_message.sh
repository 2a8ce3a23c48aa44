#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is no call: texts from one SIPp to another, by a route and to a phone that registered, and
# a mailbox that is watched through jalurd, which is killed and started again meanwhile.
. "$(dirname "$0")/lib.sh"
setup
plan 12

# The caller is a trunk; bob's phone is at another address of his.
start_with_bob() {
	(umask 077 && echo secret >"$dir/bob.secret")
	config "store: {file: $dir/store}" "message: {max-size: 1000}" "domains:" \
		"  example.com:" "    realms: [outside]" "    subscribers:" \
		"      - {user: bob, password-file: $dir/bob.secret}" |
		sed 's/^  outside:$/&\n    auth: digest/' >"$dir/jalurd.yaml"
	start_jalurd_again
}

bob_registers() {
	printf '%s\n' SEQUENTIAL "bob;[authentication username=bob password=secret]" >"$dir/bob.csv"
	start_sipp "$caller_ns" uac_register -i $STRANGER -p 5060 -key expires 600 \
		-inf "$dir/bob.csv" "$OUTSIDE:5060"
	sipp_done $!
}

# The scenario with what the test puts in.
made() {	# scenario name status [text]
	sed -e "s/STATUS/$3/" -e "s/TEXT/${4-}/" "$here/scenarios/$1.xml" >"$dir/$2.xml"
}

writes() {	# name uri status text
	made uac_message "$1" "$3" "$4"
	start_sipp "$caller_ns" "$1" -i $CALLER -p 5060 -key uri "$2" "$OUTSIDE:5060"
	sipp_done $!
}

listens() { ip netns exec "$1" ss -Hlnu "sport = :5060" | grep -q "$2:5060"; }

hears() {	# name ns address status
	made uas_message "$1" "$4"
	start_sipp "$2" "$1" -i "$3" -p 5060 -trace_logs -log_file "$dir/$1.seen"
	hearing=$!
	wait_for listens "$2" "$3"
}

heard() { sipp_done "$hearing" && grep -q "$2" "$dir/$1.seen"; }

counter() { ctl info --json | jq ".daemon.counters[\"$1\"]"; }
counter_is() { [ "$(counter "$1")" = "$2" ]; }

by_route() {
	hears pbx "$callee_ns" $CALLEE "200 OK" &&
		writes to_pbx "sip:4930123@$OUTSIDE" 200 "hello route" && heard pbx "hello route"
}

to_phone() {
	hears phone "$caller_ns" $STRANGER "202 Accepted" &&
		writes to_phone "sip:bob@example.com" 202 "hello bob" && heard phone "hello bob"
}

watches() {
	start_callee uas_subscribe
	start_sipp "$caller_ns" uac_subscribe -i $CALLER -p 5060 -s 4930123 -trace_logs \
		-log_file "$dir/watcher.seen" -cid_str "watch-$$" "$OUTSIDE:5060"
	watcher_pid=$!
	wait_for grep -q "Messages-Waiting: yes" "$dir/watcher.seen"
}

listed() {
	ctl subscription list --json >"$dir/list" &&
		jq -e '.subscriptions | length == 1 and (.[0] | .carried and .package ==
			"message-summary" and (.notifier | startswith("'$CALLEE'")))' "$dir/list" >/dev/null &&
		"$here/validate" subscription-list="$dir/list" &&
		ctl subscription list | grep -q CARRIED
}

restart() {
	wait_for written_down
	kill -KILL "$jalurd_pid"
	wait "$jalurd_pid" 2>/dev/null
	: >"$dir/jalurd.log"
	start_jalurd_again
}

leaves() {
	printf '%s\r\n' "INFO sip:x@$CALLER SIP/2.0" "Via: SIP/2.0/UDP $CALLER:9;branch=z9hG4bKgo" \
		"From: <sip:test@$CALLER>;tag=go" "To: <sip:x@$CALLER>" "Call-ID: watch-$$" \
		"CSeq: 9 INFO" "Content-Length: 0" "" >"$dir/go-on"
	in_caller bash -c "cat $dir/go-on >/dev/udp/$CALLER/5060"
	sipp_done "$watcher_pid" && sipp_done "$callee_pid"
}

check "jalurd starts" start_with_bob
check "a text goes by a route, and has its 200" by_route
check "one to bob does not, while he has no phone" writes nobody "sip:bob@example.com" 480 hello
check "bob's phone registers" bob_registers
check "he gets a text, and its 202 comes back" to_phone
check "a large one is refused" writes large "sip:4930123@$OUTSIDE" 513 "$(printf %1001s | tr ' ' x)"
check "those that went on are counted" counter_is exchanges 2
check "a mailbox is watched through jalurd" watches
check "which is listed as carried" listed
check "jalurd is killed and starts again" restart
check "the watcher leaves, and hears the last of it" leaves
check "then there is none" counter_is carried-subscriptions-now 0
ktap_finished
