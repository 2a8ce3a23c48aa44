#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A call comes in by each transport and leaves by each: UDP, TCP and TLS, with SIPp on
# both sides. SIPp here has no TLS, so socat speaks it for SIPp; certificates are those of
# a CA that this test makes, and both sides verify. A peer with another name is refused.
. "$(dirname "$0")/lib.sh"
. "$here/peers.sh"
command -v socat >/dev/null || skip_all "socat is not installed"
setup
plan 24

transports="udp tcp tls"
# Numbers say by what the call leaves: 1 udp, 2 tcp, 3 tls, 4 tls to somebody else, 5 to
# nobody who answers.
transports_config() {
	write_config "$transports" "$transports" "cdr: {file: $dir/cdr}" "$NO_DNS" <<-END
	trunks:
	  phones: {realm: outside, match: [$CALLER]}
	  udp: {realm: inside, target: "sip:$CALLEE:5060"}
	  tcp: {realm: inside, target: "sip:$CALLEE:5060;transport=tcp"}
	  tls: {realm: inside, target: "sip:callee.example:5061;transport=tls"}
	  silent: {realm: inside, target: "sip:callee.example:5071;transport=tls"}
	  other: {realm: inside, target: "sip:other.example:5061;transport=tls"}
	routes:
	  - {name: udp, match: {number: "1"}, to: {trunk: udp}}
	  - {name: tcp, match: {number: "2"}, to: {trunk: tcp}}
	  - {name: tls, match: {number: "3"}, to: {trunk: tls}}
	  - {name: silent, match: {number: "5"}, to: {trunk: silent}}
	  - {name: other, match: {number: "4"}, to: {trunk: other}}
	END
}

helpers_start() {
	helper "$callee_ns" socat "OPENSSL-LISTEN:5061,bind=$CALLEE,fork,reuseaddr,verify=0,cert=$dir/callee.example.pem,key=$dir/callee.example.key" \
		"TCP:$CALLEE:5060" &&
		helper "$caller_ns" socat "TCP-LISTEN:5099,bind=$CALLER,fork,reuseaddr" \
			"OPENSSL:$OUTSIDE:5061,bind=$CALLER,cafile=$dir/ca.pem,commonname=jalur.example" &&
		wait_for listens "$callee_ns" 5061 && wait_for listens "$caller_ns" 5099
}

# call FROM TO: by transports; SIPp is through on both sides
call() {
	local number callee caller remote=$OUTSIDE:5060

	case $2 in udp) number=1 ;; tcp) number=2 ;; tls) number=3 ;; esac
	[ "$1" != tls ] || remote=$CALLER:5099
	start_sipp "$callee_ns" uas_plain -i $CALLEE -mi $CALLEE -p 5060 -t "$(mode "$2")"
	callee=$!
	wait_for listens "$callee_ns" 5060
	start_sipp "$caller_ns" uac_plain -i $CALLER -mi $CALLER -p 5062 -t "$(mode "$1")" -s ${number}00 "$remote"
	caller=$!
	both_done $caller $callee
}

refused_503() {
	start_sipp "$caller_ns" uac_refused_503 -i $CALLER -mi $CALLER -p 5062 -s 400 "$OUTSIDE:5060"
	sipp_done $!
}

calls_wait() {
	helper "$callee_ns" socat -u "OPENSSL-LISTEN:5071,bind=$CALLEE,fork,reuseaddr,verify=0,cert=$dir/callee.example.pem,key=$dir/callee.example.key" \
		"CREATE:$dir/silent"
	helper "$caller_ns" socat "OPENSSL:$OUTSIDE:5061,bind=$CALLER,cafile=$dir/ca.pem,commonname=jalur.example" \
		"EXEC:sleep 600"
	wait_for listens "$callee_ns" 5071 || return 1
	start_sipp "$caller_ns" uac_plain -i $CALLER -mi $CALLER -p 5062 -s 500 "$OUTSIDE:5060"
	waiting=$!
	wait_for grep -q INVITE "$dir/silent"
}

# stun_answers ADDRESS [BYTES]: a request of 20 bytes is answered with where it came from,
# mixed with the cookie (RFC 5389); with BYTES, only one that is padded to so many is.
stun_answers() {
	in_caller python3 - "$OUTSIDE" "$@" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind((sys.argv[2], 0))
	s.settimeout(10)
	def send(name, padding):
	    attribute = b"\x80\x22" + (padding - 4).to_bytes(2, "big") + bytes(padding - 4) if padding else b""
	    s.sendto(b"\0\1" + padding.to_bytes(2, "big") + b"\x21\x12\xa4\x42" + name + attribute,
	             (sys.argv[1], 5060))
	send(b"transaction1", 0)
	if len(sys.argv) > 3:
	    send(b"transaction2", int(sys.argv[3]) - 20)
	answer = s.recv(100)
	port = int.from_bytes(answer[26:28], "big") ^ 0x2112
	sys.exit(answer[:2] != b"\x01\x01" or port != s.getsockname()[1] or
	         answer[8:20] != b"transaction%d" % (len(sys.argv) - 2))
	END
}

counted_stun() {
	[ "$(ctl info --json | jq '[.. | objects | select(has("stun-stranger-refused"))][0]
		."stun-stranger-refused"')" = "$1" ]
}

# lists EXPRESSION: of a connection
lists() {
	ctl transport list --json >"$dir/list" &&
		[ "$(jq "[.connections[] | select($1)] | length >= 1" "$dir/list")" = true ] && return
	ctl transport list | sed 's/^/# /'
	return 1
}

close_one() {
	local id

	id=$(jq -r '[.connections[] | select(.direction == "in")][0].id' "$dir/list")
	ctl transport close "$id" >/dev/null && wait_for is_gone "$id" && ! ctl transport close "$id" 2>/dev/null
}

is_gone() { ! ctl transport list --json | grep -q "$1"; }

check "certificates are made" certificates jalur.example callee.example other.example
hosts "$relay_ns" "$CALLEE callee.example other.example"
transports_config
check "jalurd starts" start_jalurd_again
check "socat speaks TLS on both sides" helpers_start
check "a keep-alive by STUN is answered, though nothing else happens" stun_answers $CALLER
check "one of a stranger is, when it is as long as the answer" stun_answers $STRANGER 32
check "and a shorter one of his is dropped and counted" counted_stun 1
for from in $transports; do
	for to in $transports; do
		check "a call comes by $from and leaves by $to" call $from $to
	done
done
check "each was answered" eval '[ "$(jq -s "map(select(.status == 200)) | length" "$dir/cdr")" = 9 ]'
check "a call waits for a silent TLS server, a client for nothing" calls_wait
check "connections are listed" lists '.state == "open" and .transport == "TLS" and .direction == "in"'
check "the TLS server proved its name" lists '.server_name == "callee.example" and .tls.verified'
check "the list is what its schema says" eval '"$here/validate" "transport-list=$dir/list"'
check "and a connection can be closed" close_one
ctl call hangup "$(ctl call list --json | jq -r '.calls[0].id')" >/dev/null
wait "$waiting"
check "who cannot prove to be other.example is not called" refused_503
check "and the log says why" log_has "no TLS connection to .*other.example"
check "no session is left" wait_for sessions_are 0
ktap_finished
