#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A call changes while media flows: ends come and go, counters and latches stay
# with the ends that stay, and what is refused changes nothing.
. "$(dirname "$0")/lib.sh"
setup 24

# Everything that session-get shows but what time and packets change.
state() { relay get $S | grep -vE 'age-ms|last-rx-ms|rtt-us|jitter'; }

unchanged() {	# by a refused command
	local before

	before=$(state)
	refused "$@" && is "$(state)" "$before"
}

end3="end=3,local=$RC:20004,remote=$C:6000"

check "the call is set up, with its tag and digest" start_call tag=call-id@example digest=0xfeed
check "they are there again" has tag=call-id@example digest=000000000000feed
check "media" talk --count 20
check "hold: no flow to b" relay set $S force $END1 $END2 flow=2:1
check "a is not heard" talk --only a --count 5 --expect 0 --seq 50
check "and that is counted" has end.1.stats.drops.no-flow.count=5
check "what the set did not name is gone" eval 'lacks tag=call-id@example'
check "b is heard" talk --only b --count 5 --seq 50
check "counters go on" has end.1.stats.rx-packets=25 end.2.stats.rx-packets=25
check "c joins, a is sent to c" relay set $S force $END1 $END2 $end3 flow=1:3 flow=3:1 flow=2:1
check "a and c talk" rtp --a "$a,$FROM_A" --b "$c,$C:6000,$RC:20004" --count 10 --seq 60
check "the end of b goes, its address is free" eval \
	'relay set $S force $END1 $end3 flow=1:3 flow=3:1 && lacks end.2.local=$RB:20002 &&
	 relay new owner=1 id=0x99 force "end=1,local=$RB:20002" >/dev/null && relay del owner=1 id=0x99 force'
check "the others go on" eval 'has end.1.stats.rx-packets=35 &&
	rtp --a "$a,$FROM_A" --b "$c,$C:6000,$RC:20004" --count 10 --seq 80'
check "b returns, from zero" eval 'relay set $S force $END2 $END1 $FLOWS && has end.2.stats.rx-packets=0 &&
	talk --count 10 --seq 100'

check "an end does not change its address" unchanged EINVAL end.local \
	relay set $S force "end=1,local=$RA:20006,remote=$A:4000" $END2 $FLOWS
check "two ends on one address" unchanged EADDRINUSE "end[1].local" \
	relay set $S force $END1 "end=5,local=$RA:20000" $FLOWS
check "a good end before a bad one" unchanged EADDRNOTAVAIL "end[1].local" \
	relay set $S force $end3 "end=5,local=192.0.2.1:20000"
check "a flow to nowhere" unchanged EINVAL flow.destination.end relay set $S force $END1 $END2 flow=1:9
check "a loop" unchanged ELOOP - relay set $S force "end=1,local=$RA:20000,remote=$RB:20002" $END2 $FLOWS
check "a session that is not there" refused ENOENT - relay set owner=1 id=0x999 force $END1

"$BUILT/net/rtp" --a "$a,$FROM_A" --b "$b,$FROM_B" --count 1000 --interval 500 --timeout 5000 >"$dir/media" &
media=$!
pids="$pids $media"
many_sets() {
	local i

	for i in $(seq 300); do
		echo "set $S force $END1,idle-ms=$i $END2 $FLOWS"
		echo "set $S force $end3 $END1,idle-ms=$i $END2 $FLOWS"
	done | "$BUILT/net/relayctl" -n "$r" - | grep -cx ok | grep -qx 600
}
check "six hundred sets under traffic" many_sets
check "lose no packet" eval 'tail --pid=$media -f /dev/null; cat "$dir/media";
	! grep -q "NOT AS" "$dir/media" && grep -q received=1000 "$dir/media"'
check "and count none as dropped" eval 'relay get $S >"$dir/g"; fails grep -E "drops.(source|no-remote)" "$dir/g"'
check "ends and sessions are counted right" eval \
	'relay info >"$dir/i"; grep -qx sessions=1 "$dir/i" && grep -qx ends=3 "$dir/i" || { cat "$dir/i"; false; }'
finish
