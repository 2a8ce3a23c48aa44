#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two phones that we did not write: baresip calls baresip, without registering. The
# caller holds, resumes and hangs up; each must have heard the other's tone, and the
# relay must have carried it.
. "$(dirname "$0")/lib.sh"
. "$here/baresip.sh"
setup
plan 10

make_phone a $CALLER 440 "<sip:alice@$CALLER>;regint=0;audio_codecs=PCMA"
make_phone b $CALLEE 620 "<sip:4930123@$CALLEE>;regint=0;answermode=auto;audio_codecs=PCMA"
check "jalurd starts" start_jalurd
check "the phones are ready" phones_are_ready
check "the caller dials, the callee answers" eval \
	'tell_caller dial "sip:4930123@$OUTSIDE" && wait_for call_is_up'
check "audio is relayed both ways" wait_for relayed 50
check "the caller holds" eval 'tell_caller hold && wait_for held_is true'
check "and resumes" eval 'tell_caller resume && wait_for held_is false'
check "the caller hangs up" eval 'tell_caller hangup && wait_for no_calls'
check "no session is left" wait_for sessions_are 0
check "the caller has heard the callee" hears a 620
check "the callee has heard the caller" hears b 440
ktap_finished
