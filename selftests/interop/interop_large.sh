#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# INVITEs above 1300 bytes go to a trunk whose target has UDP (RFC 3261 section 18.1.1):
# Kamailio takes both, and logs which it was; a phone of SIPp's, on a port of its own,
# takes UDP only. What is called is what the first digit says:
#
#   1  Kamailio: the INVITE goes by TCP
#   2  the phone: nobody listens by TCP there, so it goes by UDP after all; the second
#      one does so at once
#   3  Kamailio, with large: datagram: the INVITE goes by UDP
#
# A small INVITE goes by UDP to each.
. "$(dirname "$0")/../sip/lib.sh"
. "$here/peers.sh"
. "$beside/kamailio.sh"
setup
plan 17

large_config() {
	write_config udp "udp tcp" <<-END
	trunks:
	  phones: {realm: outside, match: [$CALLER]}
	  pbx: {realm: inside, match: [$CALLEE], target: "sip:$CALLEE"}
	  phone: {realm: inside, target: "sip:$PHONE"}
	  datagram: {realm: inside, target: "sip:$CALLEE", large: datagram}
	routes:
	  - {name: pbx, match: {number: "1"}, to: {trunk: pbx}}
	  - {name: phone, match: {number: "2"}, to: {trunk: phone}}
	  - {name: datagram, match: {number: "3"}, to: {trunk: datagram}}
	END
}

# 1400 bytes that pass: a subject.
make_large() {
	local subject

	subject=$(printf 'x%.0s' {1..1400})
	sed "s/^    INVITE .*/&\n    Subject: $subject/" "$(scenario uac_plain)" >"$dir/uac_large.xml"
	[ "$(grep -c Subject "$dir/uac_large.xml")" = 1 ]
}

call() {	# large|plain number
	: >"$dir/kamailio.log"
	start_sipp "$callee_ns" uas_plain -i $CALLEE -mi $CALLEE -p 5070 -recv_timeout 15000
	local callee=$!

	wait_for listens "$callee_ns" 5070 || return 1
	start_sipp "$caller_ns" "uac_$1" -i $CALLER -mi $CALLER -p 5062 -s "${2}00" \
		-recv_timeout 15000 "$OUTSIDE:5060"
	both_done $! $callee
}

# How many went by a stream, and how many of these by a datagram after all.
counted() {
	local seen

	seen=$(ctl info --json | jq -r '[.. | objects | select(has("sip-large-by-stream"))][0] |
		"\(."sip-large-by-stream") \(."sip-large-by-datagram-after-all")"')
	[ "$seen" = "$1 $2" ] || { echo "# counted: $seen"; return 1; }
}

invite_by() { kamailio_saw INVITE in "$1" 1; }

must "certificates are made" certificates "$PBX_NAME"
must "a large INVITE is made" make_large
hosts "$callee_ns" "$CALLEE $PBX_NAME"
must "Kamailio starts" start_kamailio
large_config
must "jalurd starts" start_jalurd_again

check "a small call to Kamailio" call plain 1
check "goes by UDP" invite_by udp
check "a large call to Kamailio" call large 1
check "goes by TCP" invite_by tcp
check "and is counted" counted 1 0
check "a large call to the phone, which refuses TCP, goes by UDP after all" call large 2
check "and both ways are counted" counted 2 1
check "the next one goes by UDP at once" call large 2
check "and is not counted" counted 2 1
check "a large call to Kamailio as a trunk for datagrams" call large 3
check "goes by UDP" invite_by udp
check "and is not counted" counted 2 1
check "no session is left" wait_for sessions_are 0
ktap_finished
