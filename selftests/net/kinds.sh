#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What an end relays: RTP and RTCP on two ports or on one, anything on an opaque
# end, payload types of its table; and what it drops, and under which name.
. "$(dirname "$0")/lib.sh"
setup 25

two_ports() {
	start_call "end=11,local=$RA:20001,remote=$A:4001,accept=rtcp" \
		   "end=12,local=$RB:20003,remote=$B:5001,accept=rtcp" flow=11:12 flow=12:11
}

rtcp_ports() {
	rtp --kind rtcp --a "$a,$A:4001,$RA:20001" --b "$b,$B:5001,$RB:20003" "$@"
}

mux() {
	relay set $S force "$END1,accept=rtp+rtcp" "$END2,accept=rtp+rtcp" $FLOWS
}

round_trip() {
	local us

	us=$(field end.2.stats.rtt-us)
	echo "rtt $us"
	[ -n "$us" ] && [ "$us" -gt 0 ] && [ "$us" -lt 5000000 ]
}

table() {
	relay set $S force "$END1,payload=8,payload=101/8000/dtmf,payload=111/48000" $END2 $FLOWS
}

drops() {	# END REASON COUNT
	has "end.$1.stats.drops.$2.count=$3"
}

opaque() {
	relay set $S force "$END1,accept=opaque" "$END2,accept=opaque" $FLOWS
}

check "RTP and RTCP on two ports" two_ports
check "RTP passes" talk --count 20
check "RTCP passes" rtcp_ports --count 10
check "RTCP is counted" has end.11.stats.rx-rtcp-packets=10 end.12.stats.tx-packets=10
check "RTP is not for the RTCP port" rtp --count 4 --expect 0 \
	--a "$a,$A:4001,$RA:20001" --b "$b,$B:5001,$RB:20003"
check "and is counted there" drops 11 kind 4
check "RTCP is not for the RTP port" talk --kind rtcp --count 4 --expect 0
check "ends go, and their counters with them" mux
check "RTP and RTCP on one port: RTP" talk --count 20
check "and RTCP" talk --kind rtcp --count 10 --interval 3000
check "the round trip to b is known" round_trip
check "STUN goes nowhere" talk --kind stun --count 3 --expect 0
check "nor does DTLS" talk --kind dtls --count 3 --expect 0
check "nor text" talk --kind text --count 3 --expect 0
check "all of them the wrong kind" drops 1 kind 13
check "a header that is cut off, CSRCs that are not there" eval \
	'talk --kind short --count 3 --expect 0 && talk --kind csrc --size 20 --count 3 --expect 0'
check "and padding longer than the packet" eval \
	'talk --kind padding --count 3 --expect 0 && drops 1 malformed 9'
check "malformed packets leave loss, SSRC and state alone" has end.1.stats.ssrc-changes=0
check "a payload table" table
check "what is in it passes" eval \
	'talk --only a --pt 8 --count 3 && talk --only a --pt 101 --count 3 --seq 50 &&
	 talk --only a --pt 111 --count 3 --seq 60'
check "what is not does not" eval \
	'talk --only a --pt 0 --count 3 --expect 0 && drops 1 payload-type 3'
check "the clock rate is the table's" has end.1.payload.111.clock-rate=48000 \
	end.1.stats.sources.0x00001000.clock-rate=48000
check "opaque ends" opaque
check "anything passes" eval 'for k in opaque stun dtls text version short; do
	talk --kind $k --count 3 --size 100 || exit 1; done'
check "empty datagrams too" talk --kind opaque --size 0 --count 1
finish
