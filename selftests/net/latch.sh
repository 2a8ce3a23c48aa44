#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# b signalled port 5000 but sits behind a NAT that chose another one; c, a third
# party, would like to have the call. Learning happens once, while the latch is
# open, and nothing c does changes it.
. "$(dirname "$0")/lib.sh"
setup 36

REAL="$B:6666,$RB:20002"
SPOT="$c,$C:7000,$RB:20002"

latched() { has "end.2.state.latched=$1"; }

not_latched() { fails eval 'relay get $S | grep -q "end.2.state.latched"'; }

set_end2() { relay set $S force $END1 "end=2,local=$RB:20002,$1" $FLOWS; }

# c sends to b's end and listens; a and b talk on.
inject() { rtp --a "$SPOT" --b "$b,$B:6667,$RB:20002" --only a --count 10 --expect 0 "$@"; }

# What a sends must arrive at the address that b really has.
real_talk() { rtp --a "$a,$FROM_A" --b "$b,$REAL" "$@"; }

check "strict: the call is set up" start_call
check "the signalled address talks" talk --count 10
check "nothing is learned" not_latched
check "another port of it is refused" real_talk --only b --count 5 --expect 0 --seq 50
check "and counted" has end.2.stats.drops.source.count=5
watch_events

check "port, but not open yet" set_end2 "remote=$B:5000,latch=port"
check "another port is still refused" real_talk --only b --count 5 --expect 0 --seq 60
check "nothing is learned still" not_latched
check "port, open" set_end2 "remote=$B:5000,latch=port,latch-open"
check "another address cannot latch" inject
check "it got no answer either" rtp --a "$a,$FROM_A" --b "$c,$C:7000,$RB:20002" --only a \
	--count 5 --expect 0 --seq 70
check "malformed packets do not latch" eval \
	'real_talk --only b --kind short --count 2 --expect 0; not_latched'
check "nor do those of a wrong kind" eval \
	'real_talk --only b --kind stun --count 2 --expect 0; not_latched'
check "b's real port does" real_talk --only b --count 5 --seq 100
check "and is sent to from then on" real_talk --count 20 --seq 105
check "it is told" event "type=latched owner=1 .*session=0000000000000010 end=2 remote=$B:6666"
check "and shown" latched "$B:6666"
check "once: the signalled port is refused now" talk --only b --count 5 --expect 0 --seq 200
check "c cannot inject" inject --seq 120
check "not with the SSRC and the numbers of the call either" inject --ssrc 0x101000 --seq 121
check "a new SSRC from the locked address is welcome" real_talk --count 5 --ssrc 0x7777 --seq 9000
check "and told" event "type=ssrc .*end=2 .*ssrc=0x00107777"
check "a set that changes nothing keeps the lock" eval \
	'set_end2 "remote=$B:5000,latch=port,latch-open" && latched "$B:6666" && real_talk --count 5 --seq 300'
check "closing the latch keeps it as well" eval \
	'set_end2 "remote=$B:5000,latch=port" && latched "$B:6666"'
check "a new epoch opens it" eval \
	'set_end2 "remote=$B:5000,latch=port,latch-open,latch-epoch=1" && not_latched'
check "and the first to come is learned" eval \
	'talk --count 5 --seq 400 && latched "$B:5000"'
check "a new mode opens it: any" set_end2 "remote=$B:5000,latch=any,latch-open,latch-epoch=1"
check "any address may come now" rtp --a "$a,$FROM_A" --b "$SPOT" --only b --count 5
check "it is locked, b is out" eval 'latched "$C:7000" && talk --only b --count 5 --expect 0 --seq 500'
check "a new remote opens it" eval \
	'set_end2 "remote=$B:5001,latch=any,latch-open,latch-epoch=1" && not_latched'
check "until it is learned, the signalled one is sent to" \
	rtp --a "$a,$FROM_A" --b "$b,$B:5001,$RB:20002" --only a --count 5 --seq 600
check "without a remote, nothing can be sent" eval \
	'set_end2 "latch=any,latch-open,latch-epoch=2" &&
	 talk --only a --count 5 --expect 0 --seq 700 && has end.1.stats.drops.no-remote.count=5'
check "what was learned elsewhere can be carried on" eval \
	'end_call && relay new $S force $END1 \
	 "end=2,local=$RB:20002,remote=$B:5000,latch=port,latch-open,state={latched=$B:6666}" $FLOWS &&
	 latched "$B:6666" && real_talk --count 5 --seq 800'
check "it is as closed as one learned here" talk --only b --count 5 --expect 0 --seq 900
check "latched twice in all, then by a mode, and never by c" eval \
	'[ "$(event_count "type=latched .*end=2 ")" = 3 ] || { cat "$dir/events"; false; }'
check "no event was lost" eval 'awk "/sequence=/ { sub(/.*sequence=/, \"\"); if (n && \$1 != n + 1) exit 1; n = \$1 }" "$dir/events"'
finish
