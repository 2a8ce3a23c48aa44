#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What may happen to a packet's way while the call is up: neighbours, routes,
# devices that go down, narrow links, fragments, options; packets that come when
# all of it is back pass again, and nobody was told a thing.
. "$(dirname "$0")/lib.sh"
setup 25

second_link() {
	ip -n "$r" link add also-b type veth peer name also-relay netns "$b" &&
	ip -n "$r" addr add 10.0.4.1/24 dev also-b && ip -n "$r" link set also-b up &&
	ip -n "$b" addr add 10.0.4.2/24 dev also-relay && ip -n "$b" link set also-relay up &&
	at "$b" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.also-relay.rp_filter=0 &&
	at "$r" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.also-b.rp_filter=0
}

rx_of() { at "$1" awk -v d="$2:" '$1 == d { print $3 }' /proc/net/dev; }

by_second_link() {
	local before

	before=$(rx_of "$b" also-relay)
	talk --only a --count 10 --seq 500 || return
	[ $(($(rx_of "$b" also-relay) - before)) -ge 10 ]
}

narrow() { ip -n "$1" link set "$2" mtu "$3"; }

fragments_seen() { [ "$(snmp "$b" Ip ReasmOKs)" -ge "$1" ]; }

# b's answers go through a router whose link behind is narrow, and it says so.
via_router() {
	more_ns=rt-$$
	make_netns "$more_ns" &&
	ip -n "$r" link add to-rt type veth peer name to-relay netns "$more_ns" &&
	ip -n "$b" link add to-rt type veth peer name to-b netns "$more_ns" &&
	ip -n "$r" addr add 10.0.5.1/24 dev to-rt && ip -n "$r" link set to-rt up &&
	ip -n "$more_ns" addr add 10.0.5.2/24 dev to-relay && ip -n "$more_ns" link set to-relay up &&
	ip -n "$more_ns" addr add 10.0.6.1/24 dev to-b && ip -n "$more_ns" link set to-b mtu 1000 up &&
	ip -n "$b" addr add 10.0.6.2/24 dev to-rt && ip -n "$b" link set to-rt up &&
	ip -n "$b" route add 10.0.5.0/24 via 10.0.6.1 && ip -n "$r" route add 10.0.6.0/24 via 10.0.5.2 &&
	at "$more_ns" sysctl -qw net.ipv4.ip_forward=1
}

behind_router() {
	relay new owner=1 id=0x20 force "end=1,local=$RA:20100,remote=$A:4000$1" \
		"end=2,local=10.0.5.1:20102,remote=10.0.6.2:5000$1" $FLOWS
}

past_router() {
	rtp --a "$a,$A:4000,$RA:20100" --b "$b,10.0.6.2:5000,10.0.5.1:20102" --only a "$@"
}

knows_mtu() { ip -n "$r" route get 10.0.6.2 | grep -q "mtu 1000"; }

watch_events
check "the call is set up" start_call
ip -n "$r" neigh flush all
check "neighbours unknown: a burst is not lost" talk --count 30 --interval 0
ip -n "$r" neigh flush all
check "nor after a flush" talk --count 30 --seq 100
ip -n "$b" link set to-relay down
ip -n "$b" link set to-relay address 02:00:00:00:00:42
ip -n "$b" link set to-relay up
ip -n "$b" route replace default via 10.0.2.1
await at "$b" ping -c 1 -W 1 10.0.2.1 >/dev/null
check "b has another hardware address" talk --count 20 --seq 200
ip -n "$r" link set to-b down
check "the device goes down: packets to b are dropped" talk --only a --count 5 --expect 0 --seq 300
check "and counted" eval 'relay get $S | grep -qE "end.1.stats.drops.(no-route|dormant).count=5"'
ip -n "$r" link set to-b up
check "it comes up: they pass again" await talk --count 5 --seq 310
check "a second link to b" second_link
ip -n "$r" route add 10.0.2.2/32 via 10.0.4.2
check "another route: packets take it at once" by_second_link
ip -n "$r" route del 10.0.2.2/32
check "and the old one" talk --count 10 --seq 520
ip -n "$r" route add unreachable 10.0.2.2/32
check "no route: dropped" talk --only a --count 5 --expect 0 --seq 540
ip -n "$r" route del unreachable 10.0.2.2/32
check "a route again" await talk --only a --count 5 --seq 550

check "fragments are joined and relayed" talk --size 4000 --count 10 --seq 600
check "and leave in fragments" fragments_seen 10
check "packets with IP options pass, without them" talk --options --count 10 --seq 700
narrow "$r" to-b 600
check "a narrow link: fragments" talk --only a --size 1200 --count 10 --seq 800
check "a GSO packet whose segments do not fit" talk --only a --gso 5 --size 1200 --count 10 --seq 900
check "with df they are dropped" eval \
	'relay set $S force $END1 $END2,df $FLOWS &&
	 talk --only a --size 1200 --count 5 --expect 0 --seq 1000 && has end.1.stats.drops.too-big.count=5'
narrow "$r" to-b 1500

check "a router with a narrow link behind" via_router
behind_router ,df
check "says so, and is believed" eval 'past_router --size 1200 --count 20 --expect 0; await knows_mtu'
relay set owner=1 id=0x20 force "end=1,local=$RA:20100,remote=$A:4000" \
	"end=2,local=10.0.5.1:20102,remote=10.0.6.2:5000" $FLOWS
check "we send fragments that fit" past_router --size 1200 --count 10
check "a port where nobody listens" rtp --a "$a,$A:4000,$RA:20000" --b "$b,$B:5001,$RB:20002" \
	--only a --count 20 --expect 0
check "unreachable is told, not once a packet" eval \
	'await grep -q "type=unreachable .*end=2" "$dir/events" && [ "$(event_count type=unreachable)" -le 3 ]'
check "the call goes on nevertheless" talk --count 10 --seq 1100
check "no other event" eval '[ "$(grep -vcE "ready|unreachable|address-" "$dir/events")" = 0 ] || { cat "$dir/events"; false; }'
finish
