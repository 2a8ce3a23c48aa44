#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The demo: one call through jalurd and jalur.ko, with audio both ways, and what a
# newcomer needs to believe it. `make demo` runs it in a virtual machine.
. "$(dirname "$0")/lib.sh"

step() { printf '\n== %s\n' "$*"; }
give_up() { echo "demo: $*" >&2; tail -n 30 "$dir/jalurd.log" >&2; exit 1; }
must() { "$@" || give_up "failed: $*"; }

# Packets that the kernel sent out to this remote port.
relayed() {
	jq "[.. | objects | select(has(\"tx_packets\") and (.remote // \"\" | endswith(\":$1\")))
		| .tx_packets] | add // 0" "$dir/session.json"
}

setup >/dev/null
packets=500

cat <<END
Jalur on Linux $(uname -r): two SIP user agents, and jalurd between them.

  caller $CALLER --- $OUTSIDE relay $INSIDE --- $CALLEE callee
  SIPp + rtp_peer        jalurd, jalur.ko       SIPp + rtp_peer

Each has a network namespace of its own; the relay's does not forward packets.
END

step "jalurd starts"
must start_jalurd
sed 's/^/  /' "$dir/jalurd.log"
ip netns exec "$relay_ns" tcpdump -i any -U -q -w "$dir/sip.pcap" udp port 5060 2>/dev/null &
tcpdump_pid=$!
sipp_pids="$sipp_pids $tcpdump_pid"
must wait_for test -s "$dir/sip.pcap"

step "the caller dials; the callee answers; $packets packets of G.711 go each way (440 Hz, 620 Hz)"
must start_call uac uas
must start_audio $packets

step "the session table while the call is up"
ctl session list
sleep 2
echo "  ... two seconds later"
ctl session list

step "sockets of the relay's namespace: signalling, and none for media"
in_relay ss -Huanp | awk '{ print "  " $4, $6 }'
must media_sockets_are_right
echo "  no socket has a port of the media ranges (20000-21999)"

step "what the two sides heard"
audio_complete >"$dir/audio"
heard=$?
sed 's/^# /  /' "$dir/audio"
[ "$heard" = 0 ] || give_up "audio is not complete"
echo "  every payload was compared byte for byte with the tone that was sent"
ctl session list --json >"$dir/session.json"

step "the caller hangs up"
go_on caller
must sipp_done "$caller_pid"
must sipp_done "$callee_pid"
must wait_for sessions_are 0
echo "  the session table:"
ctl session list
sleep 0.5
kill "$tcpdump_pid" 2>/dev/null
wait "$tcpdump_pid" 2>/dev/null

step "RTP after BYE"
nobody_hears >"$dir/late" || give_up "RTP passed after BYE: $(cat "$dir/late")"
sed 's/^# /  /' "$dir/late"
echo "  25 packets were sent to the ports of the call that is over: none arrived"

step "the signalling, as the relay's network saw it"
"$here/ladder" "$dir/sip.pcap" caller=$CALLER jalurd=$OUTSIDE,$INSIDE callee=$CALLEE

step "jalurd's log"
grep call= "$dir/jalurd.log" | sed 's/^/  /'

a_to_b=$(relayed $CALLEE_RTP)
b_to_a=$(relayed $CALLER_RTP)
lost=$((2 * packets - a_to_b - b_to_a))
printf '\nrelayed in kernel: %s packets A→B, %s packets B→A, %s lost\n' "$a_to_b" "$b_to_a" "$lost"
[ "$lost" = 0 ]
