#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is wrong is refused with a text that says why, and points at what is
# wrong; what is not built yet likewise; and the unprivileged get nothing.
. "$(dirname "$0")/lib.sh"
setup 84

no() {	# ERRNO ATTR WORD...: of a session-new
	local err=$1 attr=$2
	shift 2
	check "new ${*:1:4}" refused "$err" "$attr" relay new owner=1 id=0x20 force "$@"
}

L="local=$RA:20100"

# --- a session
check "without owner" refused EINVAL owner relay new id=1 force "end=1,$L"
check "without id" refused EINVAL id relay new owner=1 force "end=1,$L"
no EINVAL -
no EINVAL tag "tag=$(printf '%0200d' 0)" "end=1,$L"
no EINVAL '#77' "end=1,$L" '#77:u32=1'
no EINVAL owner owner:u32=1 "end=1,$L"
no EINVAL limit "end=1,$L" limit=3
no EOPNOTSUPP context "end=1,$L" context=1,suite=0,master-key=00112233
# --- an address
no EINVAL end.local "end=1"
no EINVAL end.id "end={$L}"
no EINVAL end.local.port "end=1,local=$RA"
no EINVAL end.local "end=1,local={port=20100}"
no EINVAL end.local "end=1,local={v4=$RA,v6=fd00:1::1,port=20100}"
no ERANGE end.local.port "end=1,local=$RA:0"
no EINVAL end.local.port "end=1,local={v4=$RA,port:u32=20100}"
no EINVAL end.local.v4 "end=1,local={v4:hex=0a00,port=20100}"
no ERANGE end.local.v6 "end=1,local={v6:hex=fd00,port=20100}"
no EINVAL end.local.v4 "end=1,local=0.0.0.0:20100"
no EINVAL end.local.v4 "end=1,local=224.0.0.1:20100"
no EINVAL end.local.v4 "end=1,local=255.255.255.255:20100"
no EINVAL end.local.v6 "end=1,local=[::]:20100"
no EINVAL end.local.v6 "end=1,local=[ff02::1]:20100"
no EINVAL end.local.v6 "end=1,local=[::ffff:10.0.1.1]:20100"
no EADDRNOTAVAIL end.local "end=1,local=10.0.1.9:20100"
no EADDRNOTAVAIL end.local "end=1,local=10.0.1.255:20100"
no ENODEV end.local "end=1,local={v4=$RA,port=20100,l3-ifindex=4711}"
no EINVAL end.local.scope-ifindex "end=1,local={v4=$RA,port=20100,scope-ifindex=1}"
no EINVAL end.remote "end=1,$L,remote=[fd00:1::2]:4000"
no EINVAL end.remote.l3-ifindex "end=1,$L,remote={v4=$A,port=4000,l3-ifindex=1}"
no EINVAL end.remote.v4 "end=1,$L,remote=239.1.2.3:4000"
# --- an end
no EINVAL 'end[1]' "end=1,$L" "end=1,local=$RA:20102"
no EADDRINUSE 'end[1].local' "end=1,$L" "end=2,$L"
no ERANGE end.latch "end=1,$L,latch=9"
no EINVAL end.accept "end=1,$L,accept=64"
no EINVAL end.accept "end=1,$L,accept=0"
no EINVAL end.accept "end=1,$L,accept=opaque+rtp"
no ERANGE end.dscp "end=1,$L,dscp=64"
no ERANGE end.payload.pt "end=1,$L,payload=128"
no ERANGE end.payload.clock-rate "end=1,$L,payload=8/0"
no EINVAL end.payload.pt "end=1,$L,payload={clock-rate=8000}"
no EINVAL 'end.payload[1]' "end=1,$L,payload=8,payload=8"
no ERANGE end.payload.kind "end=1,$L,payload={pt=8,kind=9}"
no EINVAL 'end.#99' "end=1,$L,#99:u32=1"
no EINVAL end "end:plain={id=1,$L}"
no EINVAL end 'end:hex=0102'
no EINVAL - "end=1,$L" '#0:bytes=04000100'
no ERANGE end.latch-open "end=1,$L,latch-open:u32=1"
# --- what is not built yet
no EOPNOTSUPP end.payload.out-pt "end=1,$L,payload={pt=8,out-pt=9}"
no EOPNOTSUPP end.follow "end=1,$L,follow"
no EOPNOTSUPP end.punt "end=1,$L,punt=stun"
no EOPNOTSUPP end.tap "end=1,$L,tap=sent"
no EOPNOTSUPP end.recv-context "end=1,$L,recv-context=1"
no EOPNOTSUPP end.send-context "end=1,$L,send-context=1"
no EOPNOTSUPP end.state.ssrc "end=1,$L,state={ssrc={ssrc=5,roc=1}}"
no EOPNOTSUPP end.stats "end=1,$L,stats={rx-packets=5}"
# --- a flow
E="end=1,$L end=2,local=$RB:20102"
no EINVAL flow $E flow=1:1
no EINVAL flow.source $E flow=3:1
no EINVAL flow.destination.end $E flow=1:3
no EINVAL - $E flow=1
no EINVAL flow.source $E 'flow={destination={end=1}}'
no EINVAL flow.destination.end $E 'flow={source=1,destination={}}'
no EOPNOTSUPP 'flow[1]' $E flow=1:2 flow=1:2
no EOPNOTSUPP 'flow.destination[1]' $E end=3,local=$RC:20102 flow=1:2:3
no EOPNOTSUPP flow.select-ssrc $E 'flow={source=1,select-ssrc=5,destination={end=2}}'
no EOPNOTSUPP flow.destination.ssrc $E 'flow={source=1,destination={end=2,ssrc=5}}'
no EOPNOTSUPP flow.destination.sequence-map $E 'flow={source=1,destination={end=2,sequence-map}}'
no EOPNOTSUPP flow.destination.payload-map $E 'flow={source=1,destination={end=2,payload-map={from=8,to=0}}}'
# --- too many
no E2BIG - $(for i in $(seq 65); do echo "end=$i,local=$RA:$((22000 + i))"; done)
check "64 ends are not" relay new owner=1 id=0x21 force \
	$(for i in $(seq 64); do echo "end=$i,local=$RA:$((22000 + i)),payload=0,payload=8"; done)
check "all of them are shown" eval '[ "$(relay get owner=1 id=0x21 | grep -c stats.rx-packets)" = 64 ]'
check "also in a dump" eval '[ "$(relay list | grep -c stats.rx-packets)" = 64 ]'
relay del owner=1 id=0x21 force >/dev/null

# --- other commands
check "commands that are not built" eval 'refused EOPNOTSUPP - relay range-list &&
	refused EOPNOTSUPP - relay range-set port-min=1 port-max=2 &&
	refused EOPNOTSUPP - relay packet-send owner=1'
check "commands that are none" eval '[[ $(relay nonsense) = *EOPNOTSUPP* && $(relay event) = *EOPNOTSUPP* ]]'
check "del needs an id or a limit" refused EINVAL - relay del owner=1 force
check "but not both" refused EINVAL limit relay del owner=1 id=1 limit=1 force
check "the cap of this namespace" eval 'relay info-set max-sessions=1 && start_call &&
	refused ENOSPC - relay new owner=1 id=0x22 force "end=1,$L" && relay info-set max-sessions=0 && end_call'

# --- sockets that are there already
taken() {	# SOCAT-ADDRESS LOCAL
	spawn "$r" "$dir/socat" socat -u "$1" "OPEN:$dir/heap,creat"
	await eval 'at "$r" ss -Hulna | grep -q ":20100"' || return
	refused EADDRINUSE end.local relay new owner=1 id=0x23 force "end=1,local=$2" || return
	kill "${pids##* }"
	await eval '! at "$r" ss -Hulna | grep -q ":20100"'
}
check "an address that a socket has" taken "UDP-RECV:20100,bind=$RA" "$RA:20100"
check "or one on the wildcard" taken UDP-RECV:20100 "$RA:20100"
check "or one of IPv6 that takes IPv4 as well" taken UDP6-RECV:20100,ipv6only=0 "$RA:20100"
check "or one that is connected" taken "UDP:$A:9,bind=$RA:20100" "$RA:20100"
check "its neighbour is free" eval 'relay new owner=1 id=0x24 force "end=1,$L" && relay del owner=1 id=0x24 force'

# --- nobody
nobody() { at "$r" setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILT/net/relayctl" "$@"; }
only_root() {
	local c

	for c in "attach owner=1" "new owner=1 id=1 force end=1,$L" "set owner=1 id=1 force end=1,$L" \
		 "del owner=1 id=1 force" "get owner=1 id=1" list info "info-set max-sessions=1" \
		 "range-set port-min=1" range-get range-list packet-send; do
		nobody $c | grep -q "error EPERM" || { echo "$c"; nobody $c; return 1; }
	done
}
check "nobody may do anything" only_root
check "not even listen to events" eval 'nobody events 1 1 | grep -q "error EPERM"'
check "nothing was created in all this" eval 'relay info | grep -qx sessions=0'
finish
