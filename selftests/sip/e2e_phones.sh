#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two phones that we did not write register: baresip calls baresip by its name. The caller
# holds and resumes, the callee hangs up; each must have heard the other's tone, and the relay
# must have carried it.
. "$(dirname "$0")/lib.sh"
. "$here/peers.sh"
. "$here/baresip.sh"
. "$here/subscribers.sh"
setup
plan 11

write_domain udp "" </dev/null
must "jalurd starts" start_jalurd_again
must "the phones are ready" make_subscribers udp 440
must "and registered" both_registered udp
must "alice calls bob" alice_calls_bob
check "the relay has a session, and sockets only if it is jalurd's own" eval \
	'sessions_are 1 && media_sockets_are_right'
check "audio is relayed both ways" wait_for relayed 50
check "alice holds, and resumes" eval \
	'tell_caller hold && wait_for held_is true && tell_caller resume && wait_for held_is false'
check "bob hangs up" eval 'tell_callee hangup && wait_for no_calls'
check "no session is left" wait_for sessions_are 0
check "alice has heard bob" hears a-udp 620
check "bob has heard alice" hears b-udp 440
ktap_finished
