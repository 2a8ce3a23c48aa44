#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dnsmasq has the names of a carrier, whose servers are SIPp and socat in the callee's
# namespace (RFC 3263):
#
#   carrier.example  NAPTR: rather TCP than UDP. SRV of TCP, by priority: a port where
#                    nobody is, a server that takes the call and is silent, one that
#                    answers 503, one that answers. The one of UDP is silent
#   udp.example      no NAPTR. SRV of UDP: a port where nobody is, one that answers
#   alias.example    a CNAME of plain.example
#   plain.example    no SRV, an address
#   gone.example     does not exist
#   secure.example   sips: NAPTR and SRV lead to a host of another name; its certificate
#                    is for secure.example, as RFC 5922 wants it
#   fake.example     the same, but the certificate is for that host
#
# What is called is what the first digit says.
. "$(dirname "$0")/../sip/lib.sh"
. "$here/peers.sh"
command -v dnsmasq >/dev/null || skip_all "dnsmasq-base is not installed"
command -v socat >/dev/null || skip_all "socat is not installed"
setup
plan 25

names() {
	cat >"$dir/dnsmasq.conf" <<-END
	port=5353
	listen-address=127.0.0.1
	bind-interfaces
	user=root
	no-hosts
	no-resolv
	local=/example/
	local-ttl=60
	log-queries
	log-facility=$dir/dnsmasq.log
	naptr-record=carrier.example,10,20,s,SIP+D2U,,_sip._udp.carrier.example
	naptr-record=carrier.example,10,10,s,SIP+D2T,,_sip._tcp.carrier.example
	srv-host=_sip._tcp.carrier.example,host.example,5999,10,1
	srv-host=_sip._tcp.carrier.example,host.example,5998,20,1
	srv-host=_sip._tcp.carrier.example,host.example,5997,30,1
	srv-host=_sip._tcp.carrier.example,host.example,5996,40,1
	srv-host=_sip._udp.carrier.example,host.example,5995,10,1
	srv-host=_sip._udp.udp.example,host.example,5994,10,1
	srv-host=_sip._udp.udp.example,host.example,5060,20,1
	cname=alias.example,plain.example
	naptr-record=secure.example,10,10,s,SIPS+D2T,,_sips._tcp.secure.example
	srv-host=_sips._tcp.secure.example,host.example,5061,10,1
	naptr-record=fake.example,10,10,s,SIPS+D2T,,_sips._tcp.fake.example
	srv-host=_sips._tcp.fake.example,host.example,5062,10,1
	host-record=host.example,$CALLEE
	host-record=plain.example,$CALLEE
	END
	helper "$relay_ns" dnsmasq --keep-in-foreground --conf-file="$dir/dnsmasq.conf"
	wait_for listens "$relay_ns" 5353
}

names_config() {
	write_config udp "udp tcp tls" "timers: {t1: 100ms}" \
		'dns: {servers: ["127.0.0.1:5353"]}' <<-END
	trunks:
	  phones: {realm: outside, match: [$CALLER]}
	  carrier: {realm: inside, target: "sip:carrier.example"}
	  udp: {realm: inside, target: "sip:udp.example"}
	  alias: {realm: inside, target: "sip:alias.example"}
	  plain: {realm: inside, target: "sip:plain.example"}
	  gone: {realm: inside, target: "sip:gone.example"}
	  secure: {realm: inside, target: "sips:secure.example"}
	  fake: {realm: inside, target: "sips:fake.example"}
	routes:
	  - {name: carrier, match: {number: "1"}, to: {trunk: carrier}}
	  - {name: udp, match: {number: "2"}, to: {trunk: udp}}
	  - {name: alias, match: {number: "3"}, to: {trunk: alias}}
	  - {name: plain, match: {number: "4"}, to: {trunk: plain}}
	  - {name: gone, match: {number: "5"}, to: {trunk: gone}}
	  - {name: secure, match: {number: "6"}, to: {trunk: secure}}
	  - {name: fake, match: {number: "7"}, to: {trunk: fake}}
	END
}

# What a server of the carrier's heard is in $dir/PORT; silent says nothing, busy 503.
silent_servers() {
	helper "$callee_ns" socat -u TCP-LISTEN:5998,bind=$CALLEE,fork,reuseaddr \
		"OPEN:$dir/5998,creat,append"
	helper "$callee_ns" socat -u UDP-RECV:5995,bind=$CALLEE "OPEN:$dir/5995,creat,append"
	wait_for listens "$callee_ns" 5998 && wait_for listens "$callee_ns" 5995
}

busy_server() {
	sed 's/486 Busy Here/503 Service Unavailable/' "$here/scenarios/uas_busy.xml" \
		>"$dir/uas_503.xml"
	start_sipp "$callee_ns" uas_503 -i $CALLEE -mi $CALLEE -mp 41000 -p 5997 -t t1
	busy_pid=$!
	wait_for listens "$callee_ns" 5997
}

tls_server() {	# port name: in front of SIPp
	helper "$callee_ns" socat "OPENSSL-LISTEN:$1,bind=$CALLEE,fork,reuseaddr,verify=0,cert=$dir/$2.pem,key=$dir/$2.key" \
		"TCP:$CALLEE:5060"
	wait_for listens "$callee_ns" "$1"
}

call() {	# number, port and transport of the one that answers
	start_sipp "$callee_ns" uas_plain -i $CALLEE -mi $CALLEE -p "$2" -t "$(mode "$3")"
	local callee=$!

	wait_for listens "$callee_ns" "$2" || return 1
	start_sipp "$caller_ns" uac_plain -i $CALLER -mi $CALLER -p 5062 -s "${1}00" \
		"$OUTSIDE:5060" -recv_timeout 20000
	both_done $! $callee
}

refused() {	# number status
	sed "s/response=\"503\"/response=\"$2\"/" "$here/scenarios/uac_refused_503.xml" \
		>"$dir/uac_refused_$2.xml"
	start_sipp "$caller_ns" "uac_refused_$2" -i $CALLER -mi $CALLER -p 5062 -s "${1}00" \
		"$OUTSIDE:5060"
	sipp_done $!
}

within() {	# seconds command
	local end=$((SECONDS + $1))

	"${@:2}" && [ $SECONDS -le $end ]
}

invites() { grep -c "^INVITE" "$dir/$1"; }
asked() { grep -c "query\[$1\] $2 " "$dir/dnsmasq.log"; }

must "certificates are made" certificates jalur.example secure.example host.example
must "dnsmasq starts" names
names_config
must "jalurd starts" start_jalurd_again

must "the carrier has a silent server, and one for UDP" silent_servers
must "and a busy one" busy_server
check "a call gets past three servers to the one that answers" call 1 5996 tcp
check "past one where nobody is" log_has "no TCP connection to $CALLEE:5999"
check "past the silent one" [ "$(invites 5998)" = 1 ]
check "and past the busy one" sipp_done $busy_pid
check "the next call goes straight to the one that answered" within 2 call 1 5996 tcp
check "the silent one does not hear of it" [ "$(invites 5998)" = 1 ]
check "NAPTR was asked for once in both calls" [ "$(asked NAPTR carrier.example)" = 1 ]
check "and the server for UDP, which comes behind, heard nothing" [ ! -s "$dir/5995" ]

check "a port where nobody is costs no time by UDP either" within 2 call 2 5060 udp
check "the one without NAPTR was found by its SRV" [ "$(asked SRV _sip._udp.udp.example)" = 1 ]

check "a call to an alias goes to whom it means" call 3 5060 udp
check "a call to a name without SRV goes to its address" call 4 5060 udp
check "its SRV had been asked for" [ "$(asked SRV _sip._udp.plain.example)" -ge 1 ]

check "who calls a name that does not exist hears 502 at once" within 2 refused 5 502
check "and the log says which" log_has "gone.example: gone.example A: no such name"

must "servers speak TLS" eval 'tls_server 5061 secure.example && tls_server 5062 host.example'
check "sips: goes by TLS to a server that has the name that was called" call 6 5060 tcp
check "and not to one that has the name that DNS led to" refused 7 503
check "and the log says whom it was not" log_has "no TLS connection to .*fake.example"
check "no session is left" wait_for sessions_are 0
ktap_finished
