#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# jalurctl in every situation that an administrator meets: module missing,
# daemon missing, no permission, nothing there, a call up. What it prints as
# JSON matches the schemas in Documentation/schema; its exit status says what
# kind of thing went wrong, and its text what to do.
. "$(dirname "$0")/lib.sh"

# ctl_says STATUS TEXT COMMAND...: exit status and a part of stderr
ctl_says() {
	local want=$1 text=$2 status
	shift 2

	"$@" >"$dir/out" 2>"$dir/err"
	status=$?
	[ "$status" = "$want" ] && grep -qe "$text" "$dir/err" && return
	echo "# $*: status $status, expected $want and \"$text\""
	sed 's/^/# /' "$dir/out" "$dir/err" | head -n 20
	return 1
}

# Python takes its time in a virtual machine: outputs are kept, and held against
# their schemas in one go at the end.
keep() {	# name schema command...: what it prints, errors apart
	local file=$dir/kept-$1
	kept="$kept $2=$file"
	shift 2
	"$@" >"$file" 2>/dev/null
}

keep_error() {	# name command...: what it prints on stderr
	local file=$dir/kept-$1
	kept="$kept error=$file"
	shift
	"$@" 2>"$file" >/dev/null
	[ $? -ne 0 ]
}

all_valid() {	# word splitting is meant
	# shellcheck disable=SC2086
	"$here/validate" $kept
}

start_monitor() {
	ctl monitor --json >"$dir/events" 2>"$dir/monitor.err" &
	sipp_pids="$sipp_pids $!"
	monitor_pid=$!
	ctl monitor >"$dir/events.txt" 2>/dev/null &
	sipp_pids="$sipp_pids $!"
	# It listens when the daemon counts both of them as clients.
	wait_for watchers 2
}

# The one who asks is a client, too.
watchers() { [ "$(ctl info --json | jq .daemon.control_clients)" = $(($1 + 1)) ]; }

session_id() { ctl session list --json | jq -r '.sessions[0].id'; }

call_id() { ctl call list --json | jq -r '.calls[0].id'; }

shows_figures() {	# a command whose text has the packets of both ends
	"$@" >"$dir/out" && grep -qE "$CALLER:$CALLER_RTP .* 100 " "$dir/out" &&
		grep -qE "$CALLEE:$CALLEE_RTP .* 100 " "$dir/out" && return
	sed 's/^/# /' "$dir/out"
	return 1
}

only_net_admin() {	# CAP_NET_ADMIN is 12; nothing can be gained by exec
	grep -E "^(Cap(Prm|Eff|Bnd|Inh|Amb)|NoNewPrivs)" "/proc/$jalurd_pid/status" | tr -d '\t' |
		tee "$dir/out" | grep -vqE '^(Cap(Prm|Eff|Bnd):0{12}1000|Cap(Inh|Amb):0{16}|NoNewPrivs:1)$' ||
		return 0
	sed 's/^/# /' "$dir/out"
	return 1
}

same_id() { [ "$(session_id)" = "$(call_id)" ]; }

saw_events() {	# source type...
	local source=$1 type
	shift
	for type in "$@"; do
		grep -q "^{\"source\": \"$source\", .*\"type\": \"$type\"" "$dir/events" ||
			{ echo "# no event $source $type"; return 1; }
	done
}

# One that does not read while the kernel has more to tell than its socket holds.
misses_events() {
	local pid i

	(exec ip netns exec "$relay_ns" "$jalurctl" --socket "$dir/control" monitor --json \
		>"$dir/slow" 2>/dev/null) &
	pid=$!
	sipp_pids="$sipp_pids $pid"
	wait_for watchers 3 || return 1
	kill -STOP "$pid"
	for i in $(seq 600); do
		echo "new owner=7 id=$i force end=1,local=$OUTSIDE:30000"
		echo "del owner=7 id=$i force"
	done | in_relay "$BUILT/net/relayctl" - >/dev/null
	kill -CONT "$pid"
	wait_for grep -q '"type": "lost".*overflowed' "$dir/slow" || { tail -n 3 "$dir/slow"; return 1; }
	in_relay "$BUILT/net/relayctl" new owner=7 id=1 force "end=1,local=$OUTSIDE:30000"
	in_relay "$BUILT/net/relayctl" del owner=7 id=1 force >/dev/null
	wait_for grep -q '"type": "lost", "count": [1-9].*a gap' "$dir/slow"
}

no_calls() { ctl call list | grep -q "no calls"; }

deletes_session() {
	keep del session-del ctl session del "$id" --json &&
		! ctl session show "$id" >/dev/null 2>&1
}

refuse_stranger() { start_caller uac_refused $STRANGER && sipp_done "$caller_pid"; }

# The call that lost its session, and the stranger's.
has_records() {
	jq -s -e --arg id "$id" 'length == 2 and (.[0] | .id == $id and .answer != null and
		.ended_by == "jalur" and .b.trunk == "pbx" and .streams[0].codec == "PCMU/8000") and
		(.[1] | .status == 403 and .route == null and .b == null)' "$dir/cdr" >/dev/null &&
		[ "$(stat -c %a "$dir/cdr")" = 640 ] &&
		[ "$(ctl info --json | jq -c .daemon.call_records)" = \
			'{"written":2,"lost":0,"failed":0}' ]
}

rotates_records() {
	mv "$dir/cdr" "$dir/cdr.1"
	kill -HUP "$jalurd_pid"
	wait_for test -e "$dir/cdr"
}

watch_twice() {
	[ "$(ctl session watch --count 2 --interval 0.1 --json | grep -c '^{"sessions"')" = 2 ]
}

help_has_every_command() {
	local words

	"$jalurctl" help >"$dir/out" || return 1
	for words in "session list" "session show" "session watch" "session del" "call list" \
		     "call show" "call trace" "call hangup" monitor info; do
		grep -q "^  $words " "$dir/out" || return 1
		# shellcheck disable=SC2086
		"$jalurctl" help $words | grep -q "jalurctl $words" || return 1
	done
}

dir=$(mktemp -d /tmp/jalur-sip.XXXXXX)
early=$dir
[ ! -e /sys/module/jalur ] || rmmod jalur 2>/dev/null
module_absent() {
	[ -e /sys/module/jalur ] && { echo "# the module is in use: cannot be tested"; return 0; }
	ctl_says 3 "modprobe jalur" "$jalurctl" session list &&
		"$jalurctl" --socket "$dir/none" info | grep -q "modprobe jalur"
}
early_result=$(module_absent && echo "passed")
rm -rf "$early"

setup
plan 37
kept=

check "without the module the remedy is said" test "${early_result##*$'\n'}" = passed
check "help lists every command" help_has_every_command
check "an unknown command is a matter of usage" ctl_says 2 'jalurctl help' "$jalurctl" reboot
check "an id is checked" ctl_says 2 'hex digits' "$jalurctl" session show xyz
check "there are no sessions" keep list-0 session-list ctl session list --json
check "a session that is not there" ctl_says 4 'no session' ctl session show 77
check "nor can it be deleted" keep_error del-0 ctl session del 77 --json
check "without the daemon the remedy is said" ctl_says 3 'systemctl start' ctl call list
check "info works with the module alone" keep info-0 info ctl info --json
check "a user without rights cannot ask the module" ctl_says 1 'CAP_NET_ADMIN' \
	in_relay setpriv --reuid 65534 --clear-groups "$jalurctl" session list

check "jalurd starts" start_jalurd "cdr: {file: $dir/cdr}"
check "it has kept one capability" only_net_admin
check "there are no calls" keep calls-0 call-list ctl call list --json
check "info shows both halves" keep info info ctl info --json
check "a user outside the group cannot ask the daemon" ctl_says 1 'group' \
	setpriv --reuid 65534 --regid 65534 --clear-groups "$jalurctl" --socket "$dir/control" call list
check "a call that is not there" ctl_says 4 'no call' ctl call hangup 77
check "its error is JSON, too" keep_error hangup-0 ctl call hangup 77 --json
check "monitors listen" start_monitor

start_call uac_wait uas && start_audio 100 && audio_complete >/dev/null
id=$(call_id)
check "a call and its session have one id" same_id
check "calls are listed" keep calls call-list ctl call list --json
check "a call is shown" keep call call-show ctl call show "$id" --json
check "call show has the figures of both ends" shows_figures ctl call show "$id"
check "its ladder is drawn" eval 'ctl call trace "$id" | grep -q "INVITE (1)"'
check "and printed" keep trace call-trace ctl call trace --json
check "sessions are listed" keep list session-list ctl session list --json
check "a session is shown" keep session session-show ctl session show "$id" --json
check "session show has the figures of both ends" shows_figures ctl session show "$id"
check "session watch looks again" watch_twice
check "a session can be deleted whoever owns it" deletes_session
check "jalurd ends the call that it belonged to" wait_for no_calls
check "monitor saw the daemon's events" wait_for saw_events daemon new answered ended
check "monitor saw the kernel's events" saw_events kernel latched deleted
check "a monitor that cannot keep up says so" misses_events
kill "$monitor_pid"
keep events event cat "$dir/events"
check "a stranger is refused" refuse_stranger
check "each attempt has a record" wait_for has_records
check "after logrotate there is a new file" rotates_records
keep cdr cdr cat "$dir/cdr.1"
check "every output is what its schema says" all_valid
ktap_finished
