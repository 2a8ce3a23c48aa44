#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Transfers between phones that we did not write, each registered: bob is baresip, the others
# are linphone. Bob refers alice to carol (blind); alice, who has a call with carol and one with
# dave, joins the two (attended). Each of a new pair must have heard the other's tone, through a
# session of their own, and the referrer is out of it. (This baresip is no party that is put
# through: it may take what the new one says for old.) With TRANSFER=pass each of them is told to
# call by himself, and does (e2e_transfer_pass.sh).
. "$(dirname "$0")/lib.sh"
. "$here/peers.sh"
. "$here/baresip.sh"
. "$here/subscribers.sh"
. "$here/linphone.sh"
CAROL=10.2.0.3
DAVE=$STRANGER
TRANSFER=${TRANSFER-handle}
setup
plan 27

phones_are_made() {
	make_linphone alice $CALLER 540 alice ecila udp 4000
	make_linphone carol $CAROL 780 carol lorac udp 4040
	make_linphone dave $DAVE 900 dave evad udp 4080
	make_phone bob $CALLEE 620 "$(subscriber bob bob udp $INSIDE answermode=auto)"
	start_phone "$callee_ns" bob && start_linphone "$caller_ns" alice $OUTSIDE &&
		start_linphone "$callee_ns" carol $INSIDE && start_linphone "$caller_ns" dave $OUTSIDE
}

all_registered() {
	wait_for registered alice $CALLER udp && wait_for registered bob $CALLEE udp &&
		wait_for registered carol $CAROL udp && wait_for registered dave $DAVE udp
}

records() { tell_linphone "$1" "record $dir/$2.wav"; }	# user file
calls() { tell_linphone "$1" "call sip:$2@example.com"; }	# user user

up_are() { ctl call list --json | jq -e "[.calls[] | select(.state == \"up\")] | length == $1" >/dev/null; }
held_are() { ctl call list --json | jq -e "[.calls[] | select(.held)] | length == $1" >/dev/null; }

# The only call is of these two, one of them or the other its caller.
only_call_is() {	# address address
	up_are 1 && ctl call list --json |
		jq -e --arg a "$1" --arg b "$2" '.calls | length == 1 and
			([.[0].a.peer, .[0].b.peer] | map(split(":")[0]) | sort) == ([$a, $b] | sort)' >/dev/null
}

media_is_right() { sessions_are 1 && media_sockets_are_right; }
# Before that she has had one call, and where she was told to call, another one of her own.
JOIN="transfer 2 --to-call 3"
if [ "$TRANSFER" = pass ]; then
	JOIN="transfer 3 --to-call 4"
	transfers_are() { [ "$(counter transfers) $(counter transfers-passed)" = "0 $1" ]; }
else
	transfers_are() { [ "$(counter transfers) $(counter transfers-failed)" = "$1 0" ]; }
fi

# recorded FILE: and no longer being written
recorded() { [ "$(stat -c %s "$1")" -gt 20000 ] && ! fuser_of "$1"; }
fuser_of() { find /proc/[0-9]*/fd -lname "$1" 2>/dev/null | grep -q .; }
has_heard() { wait_for recorded "$dir/$1.wav" && has_tone "$2" "$dir/$1.wav"; }	# file hz

# What a second phone of a namespace says comes from its own address, by the ports of its
# audio, of which each call takes the next.
speaks_from() {	# ns port address gateway
	ip -n "$1" rule add ipproto udp sport "$2" table 40
	ip -n "$1" route add default via "$4" src "$3" table 40
}

write_domain udp "carol dave" "$NO_DNS" </dev/null
hosts "$caller_ns" "$OUTSIDE jalur.example"
hosts "$callee_ns" "$INSIDE jalur.example"
ip -n "$callee_ns" addr add $CAROL/24 dev to-relay
speaks_from "$callee_ns" 4040-4079 $CAROL $INSIDE
speaks_from "$caller_ns" 4080-4119 $DAVE $OUTSIDE
must "jalurd starts" start_jalurd_again
must "the phones start" phones_are_made
must "all are registered" all_registered

must "alice calls bob" eval 'records alice a1 && records carol c1 && calls alice bob && wait_for call_is_up'
check "audio is relayed both ways" wait_for relayed 50
must "bob refers her to carol" tell_callee transfer sip:carol@example.com
must "alice and carol are in a call, and bob is not" wait_for only_call_is $CALLER $CAROL
check "the relay has one session" wait_for media_is_right
check "audio is relayed both ways" wait_for relayed 150
check "carol hangs up" eval 'tell_linphone carol terminate && wait_for no_calls'
check "alice has heard carol" has_heard a1 780
check "carol has heard alice" has_heard c1 540
check "bob has heard alice, and not carol" eval 'hears bob 540 && ! hears bob 780'
check "it is counted" transfers_are 1

must "alice calls carol" eval 'records carol c2 && records dave d2 && calls alice carol && wait_for call_is_up'
must "carol is held" eval 'wait_for relayed 50 && tell_linphone alice pause && wait_for held_are 1'
must "alice calls dave" eval 'calls alice dave && wait_for up_are 2'
check "the relay has two sessions" wait_for sessions_are 2
must "she joins the two" tell_linphone alice "$JOIN"
must "carol and dave are in a call, and alice is not" wait_for only_call_is $CAROL $DAVE
check "the relay has one session" wait_for media_is_right
check "audio is relayed both ways" wait_for relayed 150
check "dave hangs up" eval 'tell_linphone dave terminate && wait_for no_calls'
check "carol has heard dave" has_heard c2 900
check "dave has heard carol" has_heard d2 780
check "it is counted" transfers_are 2
check "no session is left" wait_for sessions_are 0
ktap_finished
