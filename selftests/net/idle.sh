#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# An end that hears nothing says so once; what it accepts, and only that, ends
# its silence.
. "$(dirname "$0")/lib.sh"
setup 12

idle_call() { relay new $S force "$END1,idle-ms=300" "$END2,accept=rtp+rtcp,idle-ms=400" $FLOWS; }

quiet() { sleep 1; }

watch_events
check "the call is set up" idle_call
check "silence is told, for each end" eval 'event "type=timed-out .*end=1\$" && event "type=timed-out .*end=2\$"'
check "and shown" has end.1.timed-out end.2.timed-out
quiet
check "once" eval 'event "type=timed-out" 2'
check "what is refused does not count" eval \
	'rtp --a "$c,$C:4000,$RA:20000" --b "$b,$FROM_B" --only a --count 5 --expect 0;
	 talk --only a --kind text --count 5 --expect 0; event type=resumed 0'
check "a packet ends the silence" eval 'talk --only a --count 2 && event "type=resumed .*end=1\$"'
check "of that end" eval 'lacks end.1.timed-out; has end.2.timed-out'
check "RTCP does, too" eval 'talk --only b --kind rtcp --count 2 --expect 0; event "type=resumed .*end=2\$"'
check "the next silence is told again" eval 'event "type=timed-out .*end=1\$" 2 && event "type=timed-out .*end=2\$" 2'
check "0 turns it off" eval 'relay set $S force $END1 $END2 $FLOWS && talk --count 2 --seq 20 &&
	event type=resumed 4'
quiet
check "no event more" eval 'event type=timed-out 4'
check "nobody deleted the call" has id=0000000000000010
finish
