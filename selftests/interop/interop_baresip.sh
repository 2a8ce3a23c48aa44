#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# baresip calls baresip through jalurd, by UDP, TCP and TLS on both sides. The caller holds
# and resumes, the callee hangs up; each must have heard the other's tone, which is another
# one in each call. By TLS jalurd verifies the callee's certificate. (This baresip takes a
# CA, but verifies no server: sip_verify_server came later.)
. "$(dirname "$0")/../sip/lib.sh"
. "$here/peers.sh"
. "$here/baresip.sh"
setup
plan 28

phones_config() {
	write_config "udp tcp tls" "udp tcp tls" "$NO_DNS" <<-END
	trunks:
	  phones: {realm: outside, match: [$CALLER]}
	  callee: {realm: inside, match: [$CALLEE]}
	  udp: {realm: inside, target: "sip:$CALLEE"}
	  tcp: {realm: inside, target: "sip:$CALLEE;transport=tcp"}
	  tls: {realm: inside, target: "sip:phone.example;transport=tls"}
	routes:
	  - {name: udp, match: {number: udp}, to: {trunk: udp}}
	  - {name: tcp, match: {number: tcp}, to: {trunk: tcp}}
	  - {name: tls, match: {number: tls}, to: {trunk: tls}}
	END
}

account() { echo "<sip:$1@$2;transport=$1>;regint=0;audio_codecs=PCMA;$3"; }

# Two phones for one call: the one that answers is ready before the one that dials.
make_phones() {	# transport tone
	make_phone "$1-b" $CALLEE 620 "$(account "$1" $CALLEE "answermode=auto")" \
		"sip_certificate $dir/phone.pem" "sip_cafile $dir/ca.pem"
	make_phone "$1-a" $CALLER "$2" "$(account "$1" $CALLER \
		"outbound=\"sip:$OUTSIDE;transport=$1\"")" \
		"sip_certificate $dir/phone.pem" "sip_cafile $dir/ca.pem"
	start_phone "$callee_ns" "$1-b" || return 1
	phones=$!
	start_phone "$caller_ns" "$1-a" || return 1
	phones="$phones $!"
}

hang_up() {
	tell_callee hangup && wait_for no_calls
}

# What connections of this transport there are, of those that are for this call.
connected_by() {	# transport
	local name=${1^^}

	ctl transport list --json >"$dir/list"
	if [ "$1" = udp ]; then
		jq -e '.connections == []' "$dir/list" >/dev/null
	else
		jq -e --arg t "$name" '[.connections[] | select(.transport == $t) | .direction] |
			unique == ["in", "out"]' "$dir/list" >/dev/null
	fi && return
	ctl transport list | sed 's/^/# /'
	return 1
}

must "certificates are made" certificates jalur.example phone.example
hosts "$relay_ns" "$CALLEE phone.example"
phones_config
must "jalurd starts" start_jalurd_again
cat "$dir/phone.example.pem" "$dir/phone.example.key" >"$dir/phone.pem"
tone=400
for transport in udp tcp tls; do
	tone=$((tone + 140))
	must "$transport: the phones are ready" make_phones $transport $tone
	check "$transport: the caller dials, the callee answers" eval \
		'tell_caller dial "sip:$transport@$OUTSIDE;transport=$transport" && wait_for call_is_up'
	check "$transport: jalurd's connections are what the call takes" connected_by $transport
	check "$transport: audio is relayed both ways" wait_for relayed 50
	check "$transport: the caller holds, and resumes" eval \
		'tell_caller hold && wait_for held_is true && tell_caller resume && wait_for held_is false'
	check "$transport: the callee hangs up" hang_up
	kill $phones
	wait $phones 2>/dev/null
	check "$transport: the caller has heard the callee" hears $transport-a 620
	check "$transport: the callee has heard the caller" hears $transport-b $tone
done
check "the callee's certificate was verified" eval \
	'jq -e ".connections[] | select(.direction == \"out\" and .transport == \"TLS\") |
		.server_name == \"phone.example\" and .tls.verified" "$dir/list" >/dev/null'
check "no session is left" wait_for sessions_are 0
ktap_finished
