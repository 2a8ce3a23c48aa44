#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A caller whose address no trunk matches is refused, and bytes that are not SIP
# change nothing.
. "$(dirname "$0")/lib.sh"
setup
plan 6

rubbish() {
	in_caller bash -c "head -c 1200 /dev/urandom >/dev/udp/$OUTSIDE/5060
		printf 'INVITE sip:x SIP/2.0\r\nVia: \r\n\r\n' >/dev/udp/$OUTSIDE/5060
		printf 'SIP/2.0 200 OK\r\n\r\n' >/dev/udp/$OUTSIDE/5060"
	kill -0 "$jalurd_pid"
}

check "jalurd starts" start_jalurd
start_caller uac_refused $STRANGER
check "an unknown source is told 403" sipp_done "$caller_pid"
check "the log says so" log_has "refused 403: from $STRANGER:5060 .*unknown source"
check "rubbish changes nothing" rubbish
check "no session was made" sessions_are 0
check "and a call still works" eval 'start_call uac uas && go_on caller && sipp_done $caller_pid'
ktap_finished
