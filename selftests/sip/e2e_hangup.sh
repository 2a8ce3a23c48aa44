#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The administrator ends a call; the daemon ends one when it stops, as on-stop
# says.
. "$(dirname "$0")/lib.sh"
setup
plan 11

call_id() { ctl call list --json | grep -oE '"id": ?"[0-9a-f]{16}"' | grep -oE '[0-9a-f]{16}' | head -n 1; }
hang_up() { ctl call hangup "$(call_id)"; }

watch_events() {
	ctl monitor --json >"$dir/events" 2>/dev/null &
	sipp_pids="$sipp_pids $!"
	wait_for watched
}
# The one who asks is a client, too.
watched() { [ "$(ctl info --json | jq .daemon.control_clients)" = 2 ]; }
saw_deletion() { grep -q '"source": "kernel".*"type": "deleted"' "$dir/events"; }

stop_jalurd() {
	kill -TERM "$jalurd_pid"
	wait "$jalurd_pid"
}

check "jalurd starts" start_jalurd "on-stop: hangup"
check "somebody watches" watch_events
check "the call is set up" start_call uac_wait uas
check "the administrator ends it" hang_up
check "both sides got BYE" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
check "no session is left" wait_for sessions_are 0
check "who watches has seen its session go" wait_for saw_deletion
rm -f "$dir"/port-*
check "another call is set up" start_call uac_wait uas
check "jalurd stops" stop_jalurd
check "both sides got BYE then, too" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
check "no session is left in the relay" eval '! in_relay "$jalurctl" session list 2>&1 | grep -q 20[0-9][0-9][0-9]'
ktap_finished
