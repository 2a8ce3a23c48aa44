#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# jalurd is killed while bob thinks about what alice asks him inside of their call: a MESSAGE,
# then a REFER. She has no answer and asks again, which another jalurd hears: bob gets what he
# has already, and SIPp, which minds, takes it for a retransmission. His answer reaches her.
. "$(dirname "$0")/lib.sh"
. "$here/peers.sh"
. "$here/pieces.sh"
FIRST_ROUTES="
  - {name: desk, match: {trunk: phones, number: \"2000\"}, to: {trunk: desk}}"
setup
plan 14

patiently() { sed 's/<send>/<send retrans="500">/'; }	# asks again until there is an answer

alice() {	# status of the answer, method, lines
	calls $CALLER_RTP
	asks "$2" 2 "${@:3}" | patiently
	echo "<recv response=\"$1\"><action>$(tells answered)</action></recv>"
	cat
	asks BYE 3 | patiently
	echo '<recv response="200" />'
}

thinks_about() {	# method
	cat <<-END
	<recv request="$1"><action>
	  <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via" />
	  <ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller" />
	  <ereg regexp=".*" search_in="hdr" header="To:" assign_to="called" />
	  <ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq" />
	  $(tells asked)
	</action></recv>
	END
	waits
}

says_then() {	# status
	says <<-END
	SIP/2.0 $1
	Via:[\$via]
	From:[\$caller]
	To:[\$called]
	Call-ID: [call_id]
	CSeq:[\$cseq]
	Contact: <sip:bob@[local_ip]:[local_port]>
	Content-Length: 0
	END
}

bob() {	# status, method
	is_called b
	answers $CALLEE_RTP
	hears ACK
	thinks_about "$2"
	says_then "$1"
	cat
	is_let_go
}

tells_the_end() {
	says <<-END
	NOTIFY [next_url] SIP/2.0
	Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
	From:[\$called]
	To:[\$caller]
	Call-ID: [call_id]
	CSeq: 1 NOTIFY
	Contact: <sip:bob@[local_ip]:[local_port]>
	Max-Forwards: 70
	Event: refer
	Subscription-State: terminated;reason=noresource
	Content-Type: message/sipfrag;version=2.0
	Content-Length: [len]

	SIP/2.0 200 OK
	END
	echo '<recv response="200" />'
}

configured() {
	config "store: {file: $dir/store}" |
		sed 's/\(phones\|pbx\): *{/\1: {transfer: pass, /' >"$dir/jalurd.yaml"
}

carried_are() { ctl info --json | jq -e "[.. | objects | .\"requests-carried\"? // empty] == [$1]" >/dev/null; }

restarted() {
	wait_for written_down
	kill -9 "$jalurd_pid"
	wait "$jalurd_pid" 2>/dev/null
	mv "$dir/jalurd.log" "$dir/jalurd.log.$1"
	start_jalurd_again
}

bob_is_asked() {	# number of the story
	rm -f "$dir"/{port-a,callid-b,asked,answered}
	start_callee "bob$1" && start_caller "alice$1" && wait_for test -e "$dir/asked"
}

nothing_is_left() { sessions_are 0 && ctl call list --json | jq -e '.calls == []' >/dev/null; }

story() {	# number
	must "bob is asked" bob_is_asked "$1"
	check "jalurd is killed, and another one starts" restarted "$1"
	check "it carries what alice asks again" wait_for carried_are 1
	go_on callee
	check "she has bob's answer" wait_for test -e "$dir/answered"
	check "both have heard nothing twice" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
	check "nothing is left" wait_for nothing_is_left
}

must "jalurd starts" eval 'configured && start_jalurd_again'
alice 200 MESSAGE </dev/null | make_scenario alice1
bob "200 OK" MESSAGE </dev/null | make_scenario bob1
story 1
{ is_told 200 && takes; } | alice 202 REFER "Refer-To: <sip:2000@$OUTSIDE>" | make_scenario alice2
tells_the_end | bob "202 Accepted" REFER | make_scenario bob2
story 2
check "the call outlived it" log_has "1 calls of an earlier run go on, 0 are lost"
ktap_finished
