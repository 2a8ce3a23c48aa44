#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# jalurd is killed under 200 calls that it has stored, while all of them speak. The kernel
# relays on, no packet is lost; another jalurd goes on with every call. Half of them are then
# ended by their callers, half by the callees, and nothing is left of any.
. "$(dirname "$0")/lib.sh"
setup
plan 14

CALLS=$((200 / slow))
RATE=20			# of them are set up in a second
FIRST_PORT=10000	# of the parties' media

# All callers in one SIPp, all callees in another; they wait as long as the test needs. A
# message that comes again on a slow machine does no harm; one that does not come does.
start_many() {	# ns scenario ip options...
	local ns=$1 name=$2 ip=$3
	shift 3

	start_sipp "$ns" "$name" -m $CALLS -l $CALLS -i "$ip" -p 5060 -recv_timeout 600000 \
		-default_behaviors none -trace_logs -log_file "$dir/log-$name" "$@"
}

start_calls() {
	{ echo SEQUENTIAL; seq $FIRST_PORT 2 $((FIRST_PORT + 2 * CALLS - 2)); } >"$dir/ports.csv"
	start_many "$callee_ns" uas_many $CALLEE
	callees_pid=$!
	wait_for callee_listens 5060 || return 1
	start_many "$caller_ns" uac_many $CALLER -inf "$dir/ports.csv" -r $RATE \
		-cid_str 'many-%u' "$OUTSIDE:5060"
	callers_pid=$!
	wait_for all_have_answers && wait_for calls_are up $CALLS && write_calls
}

all_have_answers() { [ "$(wc -l <"$dir/log-uac_many")" = $CALLS ]; }

calls_are() {	# state how-many
	[ "$(ctl call list --json | jq "[.calls[] | select(.state == \"$1\")] | length")" = "$2" ]
}

# PORT OUTSIDE-PORT INSIDE-PORT CALL-ID
write_calls() {
	join <(sort "$dir/log-uac_many") <(sort "$dir/log-uas_many") >"$dir/calls"
	cut -d' ' -f1-3 "$dir/calls" >"$dir/ports"
	[ "$(wc -l <"$dir/calls")" = $CALLS ]
}

start_media() {
	"$BUILT/net/rtp_calls" --a "$caller_ns,$CALLER,$OUTSIDE" --b "$callee_ns,$CALLEE,$INSIDE" \
		--calls "$dir/ports" --until "$dir/enough" --interval 200000 >"$dir/media" &
	media_pid=$!
	rtp_pids=$media_pid
}

# What the kernel has relayed: asked with nobody attached, and not all the time.
relayed() {
	in_relay "$jalurctl" session list --json | jq '[.sessions[].ends[].rx_packets] | add'
}

has_relayed() { sleep 0.5; [ "$(relayed)" -ge "$1" ]; }

media_passes() { wait_for has_relayed $(($(relayed) + $1)); }	# so many packets more

kill_jalurd() {
	kill -KILL "$jalurd_pid"
	wait "$jalurd_pid" 2>/dev/null
	mv "$dir/jalurd.log" "$dir/jalurd.log.1"
	! kill -0 "$jalurd_pid" 2>/dev/null
}

every_call_goes_on() {
	log_has "$CALLS calls of an earlier run go on, 0 are lost" && calls_are up $CALLS
}

every_packet_arrived() {
	local status=0

	touch "$dir/enough"
	wait "$media_pid" || status=1
	packets=$(sed -n 's/.* packets=\([0-9]*\) .*/\1/p' "$dir/media")
	tail -n 5 "$dir/media" | sed 's/^/# /'
	return $status
}

# Tells SIPp to hang up the calls whose Call-IDs are read.
hang_up() {	# ns address
	ip netns exec "$1" python3 -IS -c '
import socket, sys, time
there = sys.argv[1]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for call in sys.stdin.read().split():
    s.sendto((f"NOTIFY sip:x@{there} SIP/2.0\r\nVia: SIP/2.0/UDP {there}:9;branch=z9hG4bKgo\r\n"
              f"From: <sip:test@{there}>;tag=go\r\nTo: <sip:x@{there}>\r\nCall-ID: {call}\r\n"
              "CSeq: 99 NOTIFY\r\nContent-Length: 0\r\n\r\n").encode(), (there, 5060))
    time.sleep(0.005)' "$2"
}

# Every other call by its caller, the rest by the callee.
end_calls() {
	seq -f 'many-%g' 1 2 $CALLS | hang_up "$caller_ns" $CALLER &
	awk 'NR % 2 == 0 { print $4 }' "$dir/calls" | hang_up "$callee_ns" $CALLEE
	wait $!
}

no_calls() { ctl call list --json | jq -e '.calls == []' >/dev/null; }
no_sessions() { ctl session list --json | jq -e '.sessions == []' >/dev/null; }
kernel_has_nothing() { ctl info --json | jq -e '.kernel | .sessions == 0 and .ends == 0' >/dev/null; }

each_has_its_record() {
	jq -se --argjson calls $CALLS --argjson packets "${packets:-0}" 'length == $calls and
		([.[].id] | unique | length) == $calls and
		all(.restart == "recovered" and .status == 200 and
		    .streams[0].a.received.packets == $packets and
		    .streams[0].b.received.packets == $packets) and
		([.[].ended_by] | group_by(.) | map({by: .[0], n: length})) ==
			[{by: "callee", n: ($calls / 2)}, {by: "caller", n: ($calls / 2)}]' \
		"$dir/cdr" >/dev/null && return
	wc -l "$dir/cdr" | sed 's/^/# /'
	tail -n 2 "$dir/cdr" | sed 's/^/# /'
	return 1
}

check "jalurd starts" start_jalurd "store: {file: $dir/store}" "cdr: {file: $dir/cdr}" \
	"timers: {t1: 2s, media-idle: 10m}"
check "$CALLS calls are set up" start_calls
check "there is media on all of them" eval 'start_media && media_passes $((2 * CALLS * 10))'
check "jalurd is killed" kill_jalurd
check "media passes while there is no daemon" media_passes $((2 * CALLS * 5))
check "another jalurd goes on with every call" eval 'start_jalurd_again && every_call_goes_on'
check "and media passes under it" media_passes $((2 * CALLS * 5))
check "every packet arrived as it was sent, both ways" every_packet_arrived
check "half of the callers hang up, and the other half's callees" end_calls
check "every BYE arrived and had its 200" eval 'sipp_done $callers_pid && sipp_done $callees_pid'
check "there are no calls" wait_for no_calls
check "there are no sessions" wait_for no_sessions
check "the kernel has no end" kernel_has_nothing
check "each call has its record, with all of its packets" each_has_its_record
ktap_finished
