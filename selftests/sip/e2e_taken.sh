#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Another program has sockets at most media ports, which nobody told jalurd: the
# relay refuses them, others are drawn, and the call has the one pair that is left.
. "$(dirname "$0")/lib.sh"
setup
plan 7

take_ports() {	# address port...
	ip netns exec "$relay_ns" python3 -c '
import signal, socket, sys
taken = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in sys.argv[3:]]
for s, port in zip(taken, sys.argv[3:]):
    s.bind((sys.argv[2], int(port)))
open(sys.argv[1], "w").close()
signal.pause()' "$dir/taken" "$@" &
	rtp_pids="$rtp_pids $!"
	wait_for test -e "$dir/taken"
}

OUTSIDE_PORTS=20000-20007
check "most ports are taken" take_ports $OUTSIDE 20000 20003 20004
check "jalurd starts" start_jalurd
check "the call is set up" start_call uac uas
check "with the ports that are left" test "$port_a" = 20006
check "every packet arrived as it was sent, both ways" eval 'start_audio 50 && audio_complete'
go_on caller
check "caller and callee are through" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
check "no session is left" wait_for sessions_are 0
ktap_finished
