#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Known losses, a wrap, a restart, several sources, a known jitter: the figures
# must be those.
. "$(dirname "$0")/lib.sh"
setup 15

src() { echo "end.1.stats.sources.0x0000$1"; }

jitter_below() { [ "$(field "$(src $1).jitter")" -lt "$2" ] || { echo "$(field "$(src $1).jitter")"; false; }; }
jitter_above() { [ "$(field "$(src $1).jitter")" -gt "$2" ] || { echo "$(field "$(src $1).jitter")"; false; }; }

one_way() { talk --only a "$@"; }

check "the call is set up" start_call
check "each tenth of 100 is lost" one_way --count 100 --skip 10 --ssrc 0x2000
check "that is known, but for the one after the last" has "$(src 2000).packets=90" "$(src 2000).lost=9"
check "numbers wrap" one_way --count 40 --seq 65520 --ssrc 0x2001
check "nothing is lost by that" has "$(src 2001).lost=0" "$(src 2001).max-sequence=$((65520 + 39))"
check "what was lost over a wrap" eval 'one_way --count 40 --seq 65521 --skip 4 --ssrc 0x2002 &&
	has "$(src 2002).packets=30" "$(src 2002).lost=9"'
check "a source that restarts elsewhere" eval 'one_way --count 20 --ssrc 0x2003 --seq 100 &&
	one_way --count 20 --ssrc 0x2003 --seq 30000'
check "loses but the packet that told so" eval 'has "$(src 2003).packets=40" &&
	[ "$(field "$(src 2003).lost")" -le 1 ]'
check "the last four are kept" eval 'one_way --count 5 --ssrc 0x2004 --seq 7 &&
	has "$(src 2004).packets=5" && lacks "$(src 2000).packets=90" && has "$(src 2001).packets=40"'
check "each change of source is counted" has end.1.stats.ssrc-changes=4
check "late packets, twice the same: never negative" eval 'one_way --count 20 --seq 500 --ssrc 0x2005 &&
	one_way --count 20 --seq 500 --ssrc 0x2005 && has "$(src 2005).packets=40" "$(src 2005).lost=0"'
# 20 ms apart and timestamps that say so; then timestamps that do not
check "steady packets" one_way --count 60 --interval 20000 --step 160 --ssrc 0x2006 --size 20
check "have little jitter" jitter_below 2006 160
check "timestamps far from the clock" one_way --count 60 --interval 1000 --step 8000 --ssrc 0x2007
check "have one of about that, in RTP units" eval 'jitter_above 2007 5000 && jitter_below 2007 8001'
finish
