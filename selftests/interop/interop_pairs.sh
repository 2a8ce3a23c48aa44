#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The stories of selftests/sip again, each by pairs of transports: a call is given up or
# meets a busy callee, has a late offer, forks, has reliable responses and UPDATE, is held.
# Those of one story run at the same time, each in namespaces of its own, and maybe beside
# machines: there no silence ends a call, or one that waits for a processor would end by it.
here=$(cd "$(dirname "$0")/../sip" && pwd)
. "$here/lib.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root"
command -v sipp >/dev/null || skip_all "sipp is not installed"

stories="cancel late fork reliable hold"
pairs="udp-udp tcp-tcp udp-tcp tcp-udp tls-tls"
out=$(mktemp -d /tmp/jalur-pairs.XXXXXX)
trap 'rm -rf "$out"' EXIT

start_story() {	# story pair
	SILENCE='' FROM=${2%-*} TO=${2#*-} bash "$here/e2e_$1.sh" >"$out/$1-$2" 2>&1
}

ended_well() {	# pid log
	wait "$1" && grep -q "^# Totals: pass:[1-9][0-9]* fail:0 .* skip:0 " "$2" && return
	sed 's/^/# | /' "$2"
	return 1
}

ktap_print_header
plan $(($(wc -w <<<"$stories") * $(wc -w <<<"$pairs")))
for story in $stories; do
	declare -A pid
	for pair in $pairs; do
		start_story "$story" "$pair" &
		pid[$pair]=$!
	done
	for pair in $pairs; do
		check "e2e_$story from ${pair%-*} to ${pair#*-}" ended_well "${pid[$pair]}" "$out/$story-$pair"
	done
done
ktap_finished
