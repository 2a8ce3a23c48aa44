#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module is not taken away under a call, and goes cleanly under traffic when
# the call is over.
. "$(dirname "$0")/lib.sh"
setup 8

busy() {
	local out

	out=$(rmmod jalur 2>&1) && return 1
	echo "$out"
	[[ $out = *"in use"* ]]
}

# From a alone: nobody needs to listen.
start_flood() {
	"$BUILT/net/rtp" --a "$a,$FROM_A" --count 60000 --interval 200 --size 20 >"$dir/flood" 2>&1 &
	flood=$!
	pids="$pids $flood"
	await eval '[ "$(field end.1.stats.rx-packets)" -gt 20 ]'
}

check "the call is set up" start_call
start_flood
check "traffic flows" kill -0 "$flood"
check "rmmod says that the module is in use" busy
check "traffic goes on" await eval '[ "$(field end.1.stats.rx-packets)" -gt 100 ]'
check "the call ends under traffic" end_call
check "now the module unloads, at once" unload_module
check "and comes back" eval 'load_module && start_call && await eval "[ \"\$(field end.1.stats.rx-packets)\" -gt 50 ]"'
check "loads and unloads in turn, under traffic" eval 'for i in 1 2 3 4 5; do
	end_call >/dev/null && unload_module && load_module && start_call || exit 1; done'
finish
