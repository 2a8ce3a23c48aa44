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
# A small INVITE goes by UDP to each. What follows goes by what Kamailio record-routes, which
# is how it got the INVITE; and by TCP to
#
#   4  a phone that is called by UDP, and whose Contact says TCP; or, at another port, TLS (5):
#      it shows a certificate of its address, which is all that it was called by
. "$(dirname "$0")/../sip/lib.sh"
. "$here/peers.sh"
. "$beside/kamailio.sh"
setup
plan 24

large_config() {
	write_config udp "udp tcp tls" <<-END
	trunks:
	  phones: {realm: outside, match: [$CALLER]}
	  pbx: {realm: inside, match: [$CALLEE], target: "sip:$CALLEE"}
	  phone: {realm: inside, target: "sip:$PHONE"}
	  datagram: {realm: inside, target: "sip:$CALLEE", large: datagram}
	  tcp: {realm: inside, target: "sip:$CALLEE:5072"}
	  tls: {realm: inside, target: "sip:$CALLEE:5073"}
	routes:
	  - {name: pbx, match: {number: "1"}, to: {trunk: pbx}}
	  - {name: phone, match: {number: "2"}, to: {trunk: phone}}
	  - {name: datagram, match: {number: "3"}, to: {trunk: datagram}}
	  - {name: tcp, match: {number: "4"}, to: {trunk: tcp}}
	  - {name: tls, match: {number: "5"}, to: {trunk: tls}}
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

rest_by() { kamailio_saw ACK in "$1" 1 && kamailio_saw BYE in "$1" 1; }

# Fails unless the INVITE comes by UDP, and ACK and BYE by TCP or TLS.
mover() {	# tcp|tls port
	exec ip netns exec "$callee_ns" timeout 30 python3 - "$CALLEE" "$2" "$1" "$dir/$CALLEE" <<-'END'
	import re, socket, ssl, sys

	def answer(request, more="", body=""):
	    kept = "".join(re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*\n", request, re.M))
	    kept = re.sub(r"^(To:[^;\r]*)\r", r"\1;tag=mover\r", kept, flags=re.M)
	    return f"SIP/2.0 200 OK\r\n{kept}{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()

	def receive(stream, method):
	    text = ""
	    while not text.endswith("\r\n\r\n"):
	        text += stream.recv(4096).decode()
	    assert text.startswith(method), text
	    return text

	here = (sys.argv[1], int(sys.argv[2]))
	listener = socket.create_server(here)
	if sys.argv[3] == "tls":
	    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
	    context.load_cert_chain(sys.argv[4] + ".pem", sys.argv[4] + ".key")
	    listener = context.wrap_socket(listener, server_side=True)
	udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	udp.bind(here)
	invite, jalur = udp.recvfrom(65535)
	sdp = f"v=0\r\no=- 1 1 IN IP4 {here[0]}\r\ns=-\r\nc=IN IP4 {here[0]}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"
	udp.sendto(answer(invite.decode(), f"Contact: <sip:mover@{here[0]}:{here[1]};transport={sys.argv[3]}>\r\n"
	           "Content-Type: application/sdp\r\n", sdp), jalur)
	stream = listener.accept()[0]
	receive(stream, "ACK ")
	stream.sendall(answer(receive(stream, "BYE ")))
	END
}

call_mover() {	# tcp|tls number port
	mover "$1" "$3" &
	local callee=$!

	sipp_pids="$sipp_pids $callee"
	wait_for listens "$callee_ns" "$3" || return 1
	start_sipp "$caller_ns" uac_plain -i $CALLER -mi $CALLER -p 5062 -s "${2}00" \
		-recv_timeout 15000 "$OUTSIDE:5060"
	both_done $! $callee
}

must "certificates are made" certificates jalur.example "$PBX_NAME" "$CALLEE"
must "a large INVITE is made" make_large
hosts "$callee_ns" "$CALLEE $PBX_NAME"
must "Kamailio starts" start_kamailio
large_config
must "jalurd starts" start_jalurd_again

check "a small call to Kamailio" call plain 1
check "goes by UDP" invite_by udp
check "with all that follows" rest_by udp
check "a large call to Kamailio" call large 1
check "goes by TCP" invite_by tcp
check "with all that follows, which is small" rest_by tcp
check "and nothing of that by UDP" eval '! grep "PBX in [A-Z]* udp $INSIDE" "$dir/kamailio.log"'
check "and is counted" counted 1 0
check "a large call to the phone, which refuses TCP, goes by UDP after all" call large 2
check "and both ways are counted" counted 2 1
check "the next one goes by UDP at once" call large 2
check "and is not counted" counted 2 1
check "a large call to Kamailio as a trunk for datagrams" call large 3
check "goes by UDP" invite_by udp
check "with all that follows" rest_by udp
check "and is not counted" counted 2 1
check "a phone called by UDP, whose Contact says TCP, gets all that follows by TCP" \
	call_mover tcp 4 5072
check "or by TLS, if it says that" call_mover tls 5 5073
check "and nothing is counted" counted 2 1
check "no session is left" wait_for sessions_are 0
ktap_finished
