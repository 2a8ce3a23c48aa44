#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Devices that come and go under a call, and devices of other kinds: VLAN,
# bridge, VRF, dummy, lo. Removing one must never wait for us.
. "$(dirname "$0")/lib.sh"
setup 30

hook() {	# DEVICE STATE
	local index

	index=$(ifindex "$r" "$1")
	relay info list-hooks | grep -qx "hook.$index.state=$2" && return
	relay info list-hooks
	return 1
}

# Media to b without a pause, while something happens.
start_media() {
	"$BUILT/net/rtp" --a "$a,$FROM_A" --b "$b,$FROM_B" --count 60000 --interval 1000 \
		--size 20 >"$dir/media" 2>&1 &
	media=$!
	pids="$pids $media"
	await eval '[ "$(field end.2.stats.rx-packets)" -gt 20 ]'
}

stop_media() { kill "$media"; wait "$media" 2>/dev/null; }

vlan() {
	ip -n "$r" link add link to-a name to-a.7 type vlan id 7 && ip -n "$r" link set to-a.7 up &&
	ip -n "$r" addr add 10.0.7.1/24 dev to-a.7 &&
	ip -n "$a" link add link to-relay name to-relay.7 type vlan id 7 &&
	ip -n "$a" link set to-relay.7 up && ip -n "$a" addr add 10.0.7.2/24 dev to-relay.7
}

vlan_call() {
	relay new owner=1 id=0x11 force "end=1,local=10.0.7.1:20000,remote=10.0.7.2:4000" \
		"end=2,local=$RB:20012,remote=$B:5000" $FLOWS &&
	rtp --a "$a,10.0.7.2:4000,10.0.7.1:20000" --b "$b,$B:5000,$RB:20012" "$@"
}

bridge() {
	ip -n "$r" link add br0 type bridge && ip -n "$r" link set br0 up &&
	ip -n "$r" link set to-c master br0 && ip -n "$r" addr flush dev to-c &&
	ip -n "$r" addr add 10.0.3.1/24 dev br0
}

bridge_call() {
	relay new owner=1 id=0x12 force "end=1,local=$RC:20000,remote=$C:4000" \
		"end=2,local=$RB:20022,remote=$B:5000" $FLOWS &&
	rtp --a "$c,$C:4000,$RC:20000" --b "$b,$B:5000,$RB:20022"
}

unbridge() {
	ip -n "$r" link set to-c nomaster && ip -n "$r" link del br0 &&
	ip -n "$r" addr add 10.0.3.1/24 dev to-c && hook to-c hooked
}

vrf() {
	ip -n "$r" link add red type vrf table 77 && ip -n "$r" link set red up &&
	ip -n "$r" link set to-c master red
}

vrf_call() {
	relay new owner=1 id=0x13 force "end=1,local=$RC:20100@$(ifindex "$r" red),remote=$C:4000" \
		"end=2,local=$RB:20032,remote=$B:5000" $FLOWS &&
	rtp --a "$c,$C:4000,$RC:20100" --b "$b,$B:5000,$RB:20032"
}

# The callee is a program on the relay itself.
local_call() {
	relay new owner=1 id=0x14 force "end=1,local=$RA:20200,remote=$A:4000" \
		"end=2,local=127.0.0.1:20202,remote=127.0.0.1:5000" $FLOWS &&
	rtp --a "$a,$A:4000,$RA:20200" --b "$r,127.0.0.1:5000,127.0.0.1:20202"
}

local_call_6() {
	relay new owner=1 id=0x15 force "end=1,local=$RA:20300,remote=$A:4000" \
		"end=2,local=$RB6:20302,remote=$RB6:5000" $FLOWS &&
	rtp --a "$a,$A:4000,$RA:20300" --b "$r,$RB6:5000,$RB6:20302"
}

drop_rule() {
	at "$r" nft -f - <<-END
		table netdev admin {
			chain in { type filter hook ingress device to-a priority 0; udp dport 20000 drop; }
		}
	END
}

move_device() {
	timeout 20 ip -n "$r" link set to-c netns "$b"
}

check "no hook without a session" eval 'fails eval "relay info list-hooks | grep -q hook"'
check "the call is set up" start_call
check "its devices are hooked" eval 'hook to-a hooked && hook to-b hooked && hook lo hooked'
check "a VLAN" vlan
check "its packets are not taken off the physical device" vlan_call
check "a bridge takes a port: the hook goes over" eval 'bridge && hook to-c port-of-master && hook br0 hooked'
check "media through the bridge" bridge_call
check "the port leaves it: the hook comes back" unbridge
check "a VRF: its port stays hooked" eval 'vrf && hook to-c hooked'
check "media through the VRF" vrf_call
check "the same address without the VRF is not ours" refused EADDRNOTAVAIL end.local \
	relay new owner=1 id=0x19 force "end=1,local=$RC:20500"
check "a callee on this host" local_call
check "the same over IPv6" local_call_6
check "an administrator's netdev rule stops media" eval 'drop_rule && talk --only a --count 5 --expect 0'
at "$r" nft delete table netdev admin
check "and lets it go" talk --count 5 --seq 20
check "devices appear under the call" eval 'for i in 1 2 3; do
	ip -n "$r" link add dm$i type dummy || exit 1; hook dm$i hooked || exit 1; done'
check "and go" eval 'for i in 1 2 3; do timeout 20 ip -n "$r" link del dm$i || exit 1; done'
check "a device is renamed" eval 'ip -n "$r" link set to-c down && ip -n "$r" link set to-c name was-c &&
	ip -n "$r" link set was-c name to-c && ip -n "$r" link set to-c up && hook to-c hooked'
ip -n "$r" link set to-c nomaster
check "a device moves to another namespace" move_device
check "media goes on" talk --count 10 --seq 40

start_media
check "media flows" kill -0 "$media"
check "b's device is deleted under it" timeout 20 ip -n "$r" link del to-b
check "the call's end there is dormant" await has end.2.dormant
check "media to it is dropped" eval 'await eval "relay get $S | grep -q end.1.stats.drops.dormant"'
stop_media
check "the device comes back" plug "$b" 2 b
check "and the end wakes up" await lacks end.2.dormant
check "media flows again" await talk --count 5 --seq 60
start_media
check "the whole namespace goes under traffic" timeout 30 ip netns del "$r"
stop_media
check "and took its sessions along" await eval '[ "$(cat /sys/module/jalur/refcnt)" = 0 ]'
check "the module unloads, with nothing left of it" await unload_module
load_module
finish
