#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An audio call over IPv4: what a sends arrives at b as it was, from the relay's
# address, and the other way round; what is not for an end of ours is left alone.
. "$(dirname "$0")/lib.sh"
setup 18

counters() {
	has end.1.stats.rx-packets=50 end.1.stats.tx-packets=50 \
	    end.2.stats.rx-packets=50 end.2.stats.tx-packets=50 \
	    end.1.stats.rx-bytes=8600 end.2.stats.tx-bytes=8600
}

check "nothing passes before the call" talk --expect 0 --count 5
check "the call is set up" start_call
check "the same id again is refused" refused EEXIST - start_call
check "every packet passes, both ways" talk
check "the counters say so" counters
check "source, loss and payload type are known" has \
	end.1.stats.sources.0x00001000.packets=50 end.1.stats.sources.0x00001000.lost=0 \
	end.1.stats.sources.0x00001000.payload-type=0 end.1.stats.ssrc-changes=0
check "TTL is decremented, TOS kept" \
	eval 'talk --ttl 33 --tos 0xb9 --count 3 --seq 100 | grep -c "ttl=32 tos=0xb9" | grep -x 2'
check "a TTL of 1 ends here" talk --ttl 1 --count 5 --expect 0 --seq 200
check "and is counted" has end.1.stats.drops.ttl.count=5 end.2.stats.drops.ttl.count=5
check "one packet of one byte of payload" talk --size 1 --count 1 --seq 300
check "packets that fill the MTU" talk --size 1460 --count 10 --seq 310
check "DSCP can be set, ECN bits stay" eval \
	'relay set $S force $END1,dscp=10 $END2,dscp=0 $FLOWS &&
	 out=$(talk --tos 0xb9 --count 2 --seq 330) && echo "$out" &&
	 echo "$out" | grep -q "^a->b.*tos=0x01" && echo "$out" | grep -q "^b->a.*tos=0x29"'
check "a socket of the host beside the ends is left alone" \
	rtp --a "$a,$A:4000,$RA:30000" --b "$r,$RA:30000,$A:4000"
check "so is a fragmented datagram to it" \
	rtp --a "$a,$A:4000,$RA:30000" --b "$r,$RA:30000,$A:4000" --size 4000
check "no checksum was wrong" no_checksum_errors
check "no datagram went up to a socket that is not there" is "$(snmp "$r" Udp NoPorts)" 10
check "the call ends, with final counters" eval 'end_call | grep -qx "end.1.stats.drops.ttl.count=5"'
check "nothing passes after it" talk --expect 0 --count 5
finish
