#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same call over IPv6; with a destination option, which only LOCAL_IN sees;
# between link-local addresses, which need their device; and in fragments.
. "$(dirname "$0")/lib.sh"
setup 14

END1="end=1,local=$RA6:20000,remote=$A6:4000"
END2="end=2,local=$RB6:20002,remote=$B6:5000"
FROM_A="$A6:4000,$RA6:20000" FROM_B="$B6:5000,$RB6:20002"

linklocal() {	# NAMESPACE DEVICE
	ip -n "$1" -6 -o addr show dev "$2" scope link | awk '{ sub("/.*", "", $4); print $4 }'
}

local_call() {
	local ra xa

	ra=$(linklocal "$r" to-a)
	xa=$(linklocal "$a" to-relay)
	relay new owner=1 id=0x11 force "end=1,local=[$ra%to-a]:20010,remote=[$xa%to-a]:4000" \
		"end=2,local=$RB6:20012,remote=$B6:5000" $FLOWS &&
	rtp --a "$a,[$xa%to-relay]:4000,[$ra%to-relay]:20010" --b "$b,$B6:5000,$RB6:20012"
}

check "nothing passes before the call" talk --expect 0 --count 5
check "the call is set up" start_call
check "every packet passes, both ways" talk
check "the counters say so" has end.1.stats.rx-packets=50 end.2.stats.tx-packets=50 \
	end.2.stats.rx-packets=50 end.1.stats.tx-packets=50
check "hop limit is decremented, traffic class kept" \
	eval 'talk --ttl 33 --tos 0xb9 --count 3 --seq 100 | grep -c "ttl=32 tos=0xb9" | grep -x 2'
check "a hop limit of 1 ends here" talk --ttl 1 --count 5 --expect 0 --seq 200
check "packets with a destination option pass" talk --options --count 10 --seq 300
check "packets that fill the MTU" talk --size 1440 --count 10 --seq 400
check "packets in fragments" talk --size 3000 --count 10 --seq 500
check "a damaged packet stays damaged" talk --corrupt --count 5 --expect 0 --seq 600
check "and its receiver sees that" is "$(snmp6 "$b" Udp6InCsumErrors) $(snmp6 "$a" Udp6InCsumErrors)" "5 5"
check "a link-local end" local_call
check "without its device it is refused" refused EINVAL end.local \
	relay new owner=1 id=0x12 force "end=1,local=[fe80::1]:20020"
check "the call ends" end_call
finish
