#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An address goes away and comes back: its end sleeps meanwhile. Virtual
# addresses may be named before they are there.
. "$(dirname "$0")/lib.sh"
setup 13

watch_events
ip -n "$r" addr add 10.0.1.77/32 dev to-a
ip -n "$r" addr add fd00:1::77/128 dev to-a nodad
check "a call on second addresses" relay new $S force \
	"end=1,local=10.0.1.77:20000,remote=$A:4000" "end=2,local=$RB:20002,remote=$B:5000" \
	"end=3,local=[fd00:1::77]:20000,remote=$A6:4000" $FLOWS
FROM_A="$A:4000,10.0.1.77:20000"
check "media flows" talk --count 10
ip -n "$r" addr del 10.0.1.77/32 dev to-a
check "the address goes: told" event "type=address-gone .*end=1\$"
check "and shown" has end.1.dormant
check "what is to go out there is dropped" eval \
	'talk --only b --count 5 --expect 0 --seq 50; has end.2.stats.drops.dormant.count=5'
ip -n "$r" addr add 10.0.1.77/32 dev to-a
check "it returns: told" event "type=address-back .*end=1\$"
check "media flows again" talk --count 10 --seq 60
ip -n "$r" addr del fd00:1::77/128 dev to-a
check "the same with IPv6" event "type=address-gone .*end=3\$"
ip -n "$r" addr add fd00:1::77/128 dev to-a nodad
check "and back" event "type=address-back .*end=3\$"
check "an address of nobody is refused" refused EADDRNOTAVAIL end.local \
	relay new owner=1 id=0x20 force "end=1,local=10.0.1.88:20000"
check "with nonlocal it is not" relay new owner=1 id=0x20 force "end=1,local=10.0.1.88:20000,nonlocal"
check "that one never sleeps" eval 'relay get owner=1 id=0x20 >"$dir/g"; fails grep dormant "$dir/g"'
check "two events for each address, no more" eval 'event type=address 4'
finish
