#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who may change a call: the socket that is attached to its owner, or somebody
# who insists. Calls survive their owner; forgotten ones are reaped, in use ones
# are not.
. "$(dirname "$0")/lib.sh"
setup 33

# Two daemons, each a relayctl that reads commands: say d1 COMMAND..., and its
# answer up to "ok" or "error" is printed.
start_daemon() {	# NAME
	mkfifo "$dir/$1.in"
	"$BUILT/net/relayctl" -n "$r" - <"$dir/$1.in" >"$dir/$1.out" 2>&1 &
	pids="$pids $!"
	eval "$1_pid=$!"
	eval "exec {$1_fd}>\"$dir/$1.in\""
}

answers() { grep -cE '^(ok$|error )' "$dir/$1.out"; }

answered() { [ "$(answers "$1")" -gt "$2" ]; }

say() {	# NAME COMMAND...
	local name=$1 fd="$1_fd" before
	shift

	before=$(answers "$name")
	echo "$*" >&"${!fd}"
	await answered "$name" "$before" || return
	tail -n 1 "$dir/$name.out"
	tail -n 1 "$dir/$name.out" | grep -q '^ok$'
}

hang_up() { local fd="$1_fd"; eval "exec ${!fd}>&-"; }

attached() { relay info | grep -qx "owner=$1"; }

detached() { ! attached "$1"; }

sessions() { relay info | grep -qx "sessions=$1"; }

old_call() {	# kept alive by nobody
	relay new owner=$1 id=$2 force "end=1,local=$RC:$3,remote=$C:4000"
}

start_daemon d1
start_daemon d2
watch_events
check "nobody is attached: a call is refused" refused EPERM - relay new $S $END1 $END2 $FLOWS
check "by force it is not" start_call
check "the refused socket cannot delete it" refused EPERM - relay del $S
check "nor change it" refused EPERM - relay set $S $END1 $END2
check "a daemon attaches" say d1 attach owner=1
check "and learns of the call" grep -qx sessions=1 "$dir/d1.out"
check "it is shown" attached 1
check "it may change the call" say d1 set $S $END1,idle-ms=9000 $END2 $FLOWS
check "a second call of its own" say d1 new owner=1 id=0x11 "end=1,local=$RA:20100"
check "the other owner's calls are not its own" refused EPERM - say d1 new owner=2 id=0x11 "end=1,local=$RA:20200"
check "a second daemon is refused" refused EBUSY - say d2 attach owner=1
check "the first may attach again" say d1 attach owner=1
check "the second takes over" say d2 attach owner=1 takeover
check "the first is told" await grep -q "type=displaced owner=1" "$dir/d1.out"
check "and has no say any more" refused EPERM - say d1 del $S
check "the others were not told" eval '[ "$(event_count displaced)" = 0 ]'
check "media flows" talk --count 10
check "a dump by owner" eval 'relay list owner=1 >"$dir/l" && [ "$(grep -c ^id= "$dir/l")" = 2 ]'
check "a dump of another owner is empty" eval '[ -z "$(relay list owner=7)" ]'
# Linux 6.1 tells no attribute of a dump.
check "a dump with an id is refused" refused EINVAL - relay list owner=1 id=0x10
check "the daemon is killed" eval 'kill -9 $d2_pid; await detached 1'
check "media flows on" talk --count 10 --seq 100
check "one that attached before and closes changes nothing" eval 'hang_up d1; sleep 0.2; talk --count 3 --seq 200'

"$BUILT/net/rtp" --a "$a,$FROM_A" --count 6000 --interval 50000 --size 20 >/dev/null 2>&1 &
in_use=$!
pids="$pids $in_use"
check "forgotten calls are reaped soon from now on" relay info-set orphan-s=1 orphan-idle-s=3
check "the idle one goes" event "type=deleted owner=1 .*session=0000000000000011"
check "the one of which an end is in use does not" has id=0000000000000010
kill "$in_use"
check "its final counters were told" event "type=deleted .*session=0000000000000011.* end-stats"
check "then it goes, too" event "type=deleted owner=1 .*session=0000000000000010"
check "nothing is left" sessions 0

start_daemon d3
check "sessions of an owner who is there stay" eval \
	'say d3 attach owner=3 && old_call 3 1 21000 && old_call 4 1 21002 && event "type=deleted owner=4" &&
	 sessions 1'
check "deletion by owner, in portions" eval 'for i in 2 3 4 5; do old_call 3 $i $((21002 + 2 * i)) || exit 1; done
	relay del owner=3 limit=3 force >"$dir/p1" && grep -qx deleted=3 "$dir/p1" && grep -qx more "$dir/p1" &&
	relay del owner=3 limit=3 force >"$dir/p2" && grep -qx deleted=2 "$dir/p2" && ! grep -qx more "$dir/p2"'
check "nothing to delete is no mistake" eval 'relay del owner=9 limit=3 force | grep -qx deleted=0'
check "all events came, in order" eval \
	'awk "/sequence=/ { sub(/.*sequence=/, \"\"); if (\$1 != ++n) exit 1 }" "$dir/events"'
finish
