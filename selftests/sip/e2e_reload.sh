#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SIGHUP in the middle of a call: a configuration with mistakes changes nothing, a
# good one holds for new calls, and the call that is up loses no packet.
. "$(dirname "$0")/lib.sh"
setup
plan 9

reload() {	# text that the log must have
	kill -HUP "$jalurd_pid"
	wait_for log_has "$1"
}

mistakes_are_listed() {
	local out

	out=$("$jalurd" --config "$dir/jalurd.yaml" --check 2>&1) && return 1
	echo "$out" | sed 's/^/# /'
	[ "$(echo "$out" | grep -cE "^$dir/jalurd.yaml:[0-9]+: ")" -ge 2 ]
}

check "jalurd starts" start_jalurd
check "the call is set up" start_call uac uas
check "audio starts" start_audio 150
config "no-such-key: 1" "log-level: shout" >"$dir/jalurd.yaml"
check "--check lists every mistake with its line" mistakes_are_listed
check "mistakes change nothing" reload "configuration not changed"
config | grep -v 'name: in' | sed 's/^routes:/routes: []/' >"$dir/jalurd.yaml"
check "a good configuration is taken" reload "configuration loaded again"
check "the call lost no packet" audio_complete
go_on caller
check "and ends as ever" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
rm -f "$dir"/port-*
start_callee uas
start_caller uac
check "a new call finds no route" wait_for log_has "refused 404"
ktap_finished
