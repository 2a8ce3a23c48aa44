#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kamailio is a registrar behind jalurd, and jalurd registers there as a trunk does:
#
#   alice (baresip) ---- jalurd ---- Kamailio ---- 200 (baresip)
#
# Each phone registers at what is next to it, by digest. alice calls 200, for which jalurd
# proves to Kamailio who it is. 200 calls the number that jalurd has registered, and alice by
# her name at our domain. Media goes by jalurd's relay, not by Kamailio; each must have heard
# the other.
. "$(dirname "$0")/../sip/lib.sh"
. "$here/peers.sh"
. "$here/baresip.sh"
. "$here/subscribers.sh"
command -v kamailio >/dev/null || skip_all "kamailio is not installed"
setup
plan 26

PBX_NAME=pbx.example
DESK=10.2.0.3

start_registrar() {
	sed -e "s/PBX_NAME/$PBX_NAME/g; s/SBC/$INSIDE/g; s/PBX:/$CALLEE:/" \
		"$beside/registrar.cfg" >"$dir/kamailio.cfg"
	mkdir -p "$dir/kamailio"
	(exec ip netns exec "$callee_ns" kamailio -f "$dir/kamailio.cfg" -DD -E -m 32 -M 4 \
		-Y "$dir/kamailio" -w "$dir/kamailio" >>"$dir/kamailio.log" 2>&1) &
	kamailio_pid=$!
	sipp_pids="$sipp_pids $kamailio_pid"
	wait_for listens "$callee_ns" 5060 && return
	sed 's/^/# /' "$dir/kamailio.log"
	return 1
}

# Both realms challenge, but Kamailio is a trunk by its address.
registrar_config() {
	(umask 077 && echo "open sesame" >"$dir/office.secret")
	write_domain udp "" "$NO_DNS" <<-END
	trunks:
	  pbx:
	    realm: inside
	    match: [$CALLEE]
	    target: "sip:$CALLEE:5060"
	    register: {aor: "sip:office@$PBX_NAME"}
	    credentials: {user: office, password-file: $dir/office.secret}
	  alice: {realm: outside, target: "sip:alice@$CALLER:5060"}
	routes:
	  - {name: out, match: {realm: outside, number: "200"}, to: {trunk: pbx}}
	  - {name: in, match: {trunk: pbx, number: office}, to: {trunk: alice}}
	END
}

make_phones() {
	ip -n "$callee_ns" addr add $DESK/24 dev to-relay &&
		make_phone alice $CALLER 440 "$(subscriber alice ecila udp $OUTSIDE answermode=auto)" &&
		make_phone desk $DESK 620 "<sip:200@$PBX_NAME;transport=udp>;auth_user=200;auth_pass=\"two hundred\";regint=3600;outbound=\"sip:$CALLEE\";audio_codecs=PCMA;answermode=auto" &&
		start_phone "$caller_ns" alice && start_phone "$callee_ns" desk
}

tell_desk() { tell "$callee_ns" $DESK "$@"; }

registered_there() { grep -q "PBX registers $1 at <\?sip:[^@]*@$2" "$dir/kamailio.log"; }	# user address

trunk_is_registered() {
	ctl trunk show pbx --json | jq -e '.registration.state == "registered"' >/dev/null
}

alice_is_registered() { registered alice $CALLER udp; }

# What each heard in this call.
start_over() { rm -f "$dir"/alice/*dec*.wav "$dir"/desk/*dec*.wav; }

kamailio_called() { grep -q "PBX calls sip:$1.* for $2" "$dir/kamailio.log"; }	# uri user

must "Kamailio starts" start_registrar
registrar_config
must "jalurd starts" start_jalurd_again
must "jalurd registers there" wait_for trunk_is_registered
check "with its contact inside, by its password" registered_there office $INSIDE
must "the phones are ready" make_phones
must "alice registers with jalurd" wait_for alice_is_registered
must "and 200 with Kamailio" wait_for registered_there 200 $DESK

must "alice calls 200" eval 'tell_caller dial "sip:200@example.com" && wait_for call_is_up'
check "through Kamailio, by the trunk's credentials" kamailio_called "[^@]*@$DESK" office
check "audio is relayed both ways" wait_for relayed 50
check "she holds, and resumes" eval \
	'tell_caller hold && wait_for held_is true && tell_caller resume && wait_for held_is false'
check "200 hangs up" eval 'tell_desk hangup && wait_for no_calls'
check "alice has heard 200" hears alice 620
check "200 has heard alice" hears desk 440

start_over
must "200 calls what jalurd has registered" eval \
	'tell_desk dial "sip:office@$PBX_NAME" && wait_for call_is_up'
check "which Kamailio knows where to find" kamailio_called "office@$INSIDE" 200
check "audio is relayed both ways" wait_for relayed 50
check "alice hangs up" eval 'tell_caller hangup && wait_for no_calls'
check "alice has heard 200" hears alice 620
check "200 has heard alice" hears desk 440

start_over
must "200 calls alice, who is not Kamailio's" eval \
	'tell_desk dial "sip:alice@example.com" && wait_for call_is_up'
check "audio is relayed both ways" wait_for relayed 50
check "200 hangs up" eval 'tell_desk hangup && wait_for no_calls'
check "alice has heard 200" hears alice 620
check "200 has heard alice" hears desk 440
check "no session is left" wait_for sessions_are 0
ktap_finished
