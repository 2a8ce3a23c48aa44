#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kamailio is the PBX inside, with a phone of SIPp's behind it; another phone is outside:
#
#   phone (SIPp) ---- jalurd ---- Kamailio ---- phone (SIPp)
#                 UDP       each         UDP
#
# Between jalurd and Kamailio calls go by UDP, TCP and TLS, and come by them. In half of
# the calls the caller holds and hangs up, in the others the callee: every request of the
# call goes through Kamailio, which record-routes, and by the transport that the call
# came or left by. By TLS each is shown the other's certificate, and verifies it.
. "$(dirname "$0")/../sip/lib.sh"
. "$here/peers.sh"
. "$beside/kamailio.sh"
setup
plan 38

pbx_config() {
	INSIDE_TLS="clients: required" write_config udp "udp tcp tls" \
		"cdr: {file: $dir/cdr}" "$NO_DNS" <<-END
	trunks:
	  phones: {realm: outside, match: [$CALLER], target: "sip:$CALLER:5062"}
	  pbx: {realm: inside, match: [$CALLEE]}
	  udp: {realm: inside, target: "sip:$CALLEE"}
	  tcp: {realm: inside, target: "sip:$CALLEE;transport=tcp"}
	  tls: {realm: inside, target: "sip:$PBX_NAME;transport=tls"}
	  other: {realm: inside, target: "sip:other.example;transport=tls"}
	routes:
	  - {name: out, match: {trunk: pbx}, to: {trunk: phones}}
	  - {name: udp, match: {number: "1"}, to: {trunk: udp}}
	  - {name: tcp, match: {number: "2"}, to: {trunk: tcp}}
	  - {name: tls, match: {number: "3"}, to: {trunk: tls}}
	  - {name: other, match: {number: "4"}, to: {trunk: other}}
	END
}

phone_outside() {	# scenario [options]
	start_sipp "$caller_ns" "$1" -i $CALLER -mi $CALLER -p 5062 -recv_timeout 15000 "${@:2}"
	outside_pid=$!
}

phone_inside() {
	start_sipp "$callee_ns" "$1" -i $CALLEE -mi $CALLEE -p 5070 -recv_timeout 15000 "${@:2}"
	inside_pid=$!
}

# call_to_pbx NUMBER SCENARIO: uac_SCENARIO outside, uas_SCENARIO behind Kamailio
call_to_pbx() {
	phone_inside "uas_$2"
	wait_for listens "$callee_ns" 5070 &&
		phone_outside "uac_$2" -s "${1}00" "$OUTSIDE:5060" && both_done $outside_pid $inside_pid
}

call_of_pbx() {
	phone_outside "uas_$2"
	wait_for listens "$caller_ns" 5062 &&
		phone_inside "uac_$2" -s "${1}00" "$CALLEE:5060" && both_done $outside_pid $inside_pid
}

# all_by TRANSPORT to|of: the requests of both calls, a caller's and a callee's turn
all_by() {
	local there=in back=out

	[ "$2" = to ] || { there=out back=in; }
	kamailio_saw INVITE $there "$1" 3 && kamailio_saw ACK $there "$1" 3 &&
		kamailio_saw BYE $there "$1" 1 && kamailio_saw INVITE $back "$1" 1 &&
		kamailio_saw ACK $back "$1" 1 && kamailio_saw BYE $back "$1" 1
}

nothing_by() {
	! grep "PBX [a-z]* [A-Z]* $1 $INSIDE" "$dir/kamailio.log"
}

no_other() {
	phone_outside uac_refused_503 -s 400 "$OUTSIDE:5060"
	sipp_done $outside_pid
}

must "certificates are made" certificates jalur.example "$PBX_NAME" other.example
hosts "$relay_ns" "$CALLEE $PBX_NAME other.example"
hosts "$callee_ns" "$CALLEE $PBX_NAME"
pbx_config
must "Kamailio starts" start_kamailio
must "jalurd starts" start_jalurd_again
number=0
for transport in udp tcp tls; do
	number=$((number + 1))
	others=$(echo udp tcp tls | sed "s/$transport//")
	for way in to of; do
		: >"$dir/kamailio.log"
		check "$transport: a call $way Kamailio, the caller holds and hangs up" \
			call_${way}_pbx $number turns
		check "$transport: a call $way Kamailio, the callee holds and hangs up" \
			call_${way}_pbx $number turned
		check "$transport: each request went by it, through Kamailio" all_by $transport $way
		for other in $others; do
			check "$transport: and none by $other" nothing_by $other
		done
	done
done
: >"$dir/kamailio.log"
check "Kamailio, whose certificate has another name, is not called" no_other
check "and the log says whom it was not" log_has "no TLS connection to .*other.example"
check "it was sent nothing" eval '! grep "PBX in" "$dir/kamailio.log"'
check "each call was answered, and no more" eval \
	'[ "$(jq -s "map(select(.status == 200)) | length" "$dir/cdr")" = 12 ]'
check "no session is left" wait_for sessions_are 0
ktap_finished
