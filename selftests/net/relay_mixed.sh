#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# a speaks IPv4 and b IPv6, then the other way round: headers, checksums and
# sizes change, the payload does not.
. "$(dirname "$0")/lib.sh"
setup 15

mixed_46() {
	END1="end=1,local=$RA:20000,remote=$A:4000" END2="end=2,local=$RB6:20002,remote=$B6:5000"
	FROM_A="$A:4000,$RA:20000" FROM_B="$B6:5000,$RB6:20002"
}

mixed_64() {
	END1="end=1,local=$RA6:20000,remote=$A6:4000" END2="end=2,local=$RB:20002,remote=$B:5000"
	FROM_A="$A6:4000,$RA6:20000" FROM_B="$B:5000,$RB:20002"
}

no_offload() { at "$1" ethtool -K to-relay tx off >/dev/null; }

mixed_46
check "IPv4 to IPv6: the call is set up" start_call
check "every packet passes, both ways" talk
check "TOS becomes traffic class, TTL hop limit" \
	eval 'talk --ttl 33 --tos 0xb9 --count 3 --seq 100 | grep -c "ttl=32 tos=0xb9" | grep -x 2'
check "a packet without checksum gets one" talk --only a --no-check --count 10 --seq 200
check "a packet that outgrows the MTU goes in fragments" talk --size 1460 --count 10 --seq 300
check "several packets in one" talk --gso 10 --count 30 --seq 400
check "a damaged packet stays damaged" talk --corrupt --count 5 --expect 0 --seq 500
check "and its receiver sees that" \
	is "$(snmp6 "$b" Udp6InCsumErrors) $(snmp "$a" Udp InCsumErrors)" "5 5"
check "the call ends" end_call

mixed_64
check "IPv6 to IPv4: the call is set up" start_call
check "every packet passes, both ways" talk --count 30
no_offload "$a"
no_offload "$b"
check "also with checksums made by the senders" talk --count 30 --seq 600
check "RTCP needs an end that takes it" talk --kind rtcp --count 3 --expect 0
check "an end and its remote are of one family" refused EINVAL end.remote \
	relay set $S force "end=1,local=$RA6:20000,remote=$A:4000" $END2 $FLOWS
check "and that changed nothing" talk --count 10 --seq 700
finish
