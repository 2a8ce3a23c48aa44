#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# jalurd, which stores nothing, is killed in the middle of a call: the kernel relays on, no packet is
# lost. A new jalurd finds the session, leaves it alone, and deletes it when the
# kernel says that it is silent.
. "$(dirname "$0")/lib.sh"
setup
plan 11

kill_jalurd() {
	kill -9 "$jalurd_pid"
	wait "$jalurd_pid" 2>/dev/null
	! kill -0 "$jalurd_pid" 2>/dev/null
}

received() { in_relay "$jalurctl" session list --json | jq '[.. | .rx_packets? // empty] | add'; }

# With nobody attached, the counters of the session go on rising.
packets_pass() {
	local before

	before=$(received)
	sleep 1
	[ "$(received)" -gt "$before" ]
}

table_has_it() { in_relay "$jalurctl" session list | grep -q 20; }

check "jalurd starts" start_jalurd "timers: {media-idle: $((10 * slow))s}" \
	"cdr: {file: $dir/cdr}"
check "the call is set up" start_call uac uas
check "audio starts" start_audio 600
sleep 1.5
check "jalurd is killed in the middle of the call" kill_jalurd
check "the session lives on" table_has_it
check "packets pass while there is no daemon" packets_pass
sleep 1
mv "$dir/jalurd.log" "$dir/jalurd.log.1"
check "another jalurd starts and adopts the session" start_jalurd_again
check "every packet arrived as it was sent, both ways" audio_complete
check "the new jalurd says so" log_has "1 sessions? of an earlier run"
check "the session goes when it is silent" wait_for sessions_are 0
check "its call has a record that says it is lost" wait_for jq -e '.restart == "lost"' "$dir/cdr"
ktap_finished
