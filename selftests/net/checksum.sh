#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The states in which a packet can come: checksum made, left to the device, left
# out, or wrong; a clone that somebody else reads; several in one.
. "$(dirname "$0")/lib.sh"
setup 20

offload() { for ns in $a $b; do at "$ns" ethtool -K to-relay "$@" >/dev/null || return; done; }

relay_offload() { for d in to-a to-b; do at "$r" ethtool -K $d "$@" >/dev/null || return; done; }

# Both sides of the relay were seen, with the addresses that belong there.
captured() {
	local filter

	for filter in "src $A and dst $RA" "src $RB and dst $B" "src $B and dst $RB" \
		      "src $RA and dst $A"; do
		await test_captured "$filter" && continue
		echo "not captured: $filter"
		return 1
	done
}

test_captured() { [ "$(tcpdump -n -r "$dir/pcap" "$1" 2>/dev/null | wc -l)" -ge 50 ]; }

counted() { has "end.1.stats.rx-packets=$1" "end.2.stats.tx-packets=$1"; }

check "the call is set up" start_call
check "checksums left to the device" talk --count 30
check "none were wrong" no_checksum_errors
check "checksums made by the sender" eval 'offload tx off && talk --count 30 --seq 100'
check "and the relay's devices make none" eval 'relay_offload tx off && talk --count 30 --seq 200'
check "a packet without checksum has none afterwards" talk --no-check --count 30 --seq 300
check "no checksum was wrong so far" no_checksum_errors
check "a wrong checksum stays wrong" talk --corrupt --count 10 --expect 0 --seq 400
check "and its receiver sees that" is "$(snmp "$a" Udp InCsumErrors) $(snmp "$b" Udp InCsumErrors)" "10 10"
check "checksums by the devices again" eval 'offload tx on && relay_offload tx on'
spawn "$r" "$dir/tcpdump" tcpdump -i any -n -U -w "$dir/pcap" udp
check "somebody captures on all devices" await grep -q listening "$dir/tcpdump"
check "shared packets pass unharmed" talk --count 50 --seq 500
check "the capture shows them as they were on each side" captured
check "shared GSO packets pass" talk --gso 10 --count 50 --seq 600
before=$(field end.1.stats.rx-packets)
check "GSO packets" talk --gso 25 --count 100 --seq 700
check "each segment is counted" counted $((before + 100))
check "none was lost on the way" has end.1.stats.sources.0x00001000.lost=$(field end.1.stats.sources.0x00001000.lost)
check "GSO of packets that the relay's devices must segment" eval \
	'relay_offload tx-udp-segmentation off gso off && talk --gso 10 --count 50 --seq 800'
check "GRO that forwards UDP" eval \
	'relay_offload gro on rx-udp-gro-forwarding on && talk --count 50 --seq 900 && talk --gso 10 --seq 1000'
check "GRO by lists" eval \
	'relay_offload rx-gro-list on && talk --count 50 --seq 1100 --interval 0 && talk --gso 10 --seq 1200'
finish
