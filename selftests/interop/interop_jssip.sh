#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# JsSIP, the SIP of pages, calls SIPp and is called, over WebSockets without and with TLS.
# What it knows of itself is "xyz.invalid", as any page: all that is sent to it goes by the
# connection that it made. WebRTC is not there: its SDP is that of a plain phone.
. "$(dirname "$0")/../sip/lib.sh"
. "$(dirname "$0")/../sip/peers.sh"
RELAY=userspace
command -v node >/dev/null || skip_all "node is not installed"
[ -e "$TOP/build/jssip/.done" ] || skip_all "npm could not install JsSIP: make build/jssip/.done says why"
setup
trap 'cleanup; rm -rf "/etc/netns/$caller_ns"' EXIT
plan 47

page=https://phone.example
declare -A orders heard

# Numbers say where a call goes: 1 SIPp by UDP, 2 by TCP; alice's phone, bob's.
jalurd_config() {	# media-idle
	origins=$page write_config "ws wss" "udp tcp" "cdr: {file: $dir/cdr}" \
		"timers: {media-idle: $1}" "connections: {ping: 1s, idle: 3s}" <<-END
	trunks:
	  pages: {realm: outside, match: [$CALLER], target: "sip:$CALLER;transport=ws"}
	  secure: {realm: outside, target: "sip:$CALLER;transport=wss"}
	  udp: {realm: inside, match: [$CALLEE], target: "sip:$CALLEE:5060"}
	  tcp: {realm: inside, target: "sip:$CALLEE:5060;transport=tcp"}
	routes:
	  - {name: udp, match: {number: "1"}, to: {trunk: udp}}
	  - {name: tcp, match: {number: "2"}, to: {trunk: tcp}}
	  - {name: alice, match: {number: alice}, to: {trunk: pages}}
	  - {name: bob, match: {number: bob}, to: {trunk: secure}}
	END
}

media_idle() {
	jalurd_config "$1"
	kill -HUP "$jalurd_pid"
}

# --- phones -----------------------------------------------------------------------------

# phone NAME URL [word...]: as jssip/phone.js takes them
phone() {
	local name=$1 url=$2 fd
	shift 2

	rm -f "$dir/$name.in"
	mkfifo "$dir/$name.in"
	: >"$dir/$name.said"
	(exec ip netns exec "$caller_ns" env NODE_EXTRA_CA_CERTS="$dir/ca.pem" \
		node "$TOP/selftests/interop/jssip/phone.js" "$TOP/build/jssip" "$url" \
		"$name@phone.example" "$CALLER:$CALLER_RTP" "$@" \
		<"$dir/$name.in" >"$dir/$name.said" 2>"$dir/$name.err") &
	phone_pid=$!
	sipp_pids="$sipp_pids $phone_pid"
	# Read, too: who writes to a phone that is gone must not end for that.
	exec {fd}<>"$dir/$name.in"
	orders[$name]=$fd heard[$name]=0
}

# What was said before is not heard.
listen_to() { heard[$1]=$(wc -l <"$dir/$1.said"); }

tell() {	# NAME order [word...]
	listen_to "$1"
	echo "${*:2}" >&"${orders[$1]}"
}

said() { tail -n +$((heard[$1] + 1)) "$dir/$1.said" | grep -qxE "$2"; }

says() {	# NAME REGEX: since it was told something
	wait_for said "$@" && return
	echo "# $1 said:"
	grep -v pinged "$dir/$1.said" | tail -n 20 | sed 's/^/#   /'
	return 1
}

opens() { phone "$@" && says "$1" connected; }	# as phone

refused_as_a_stranger() {
	phone mallory "ws://$OUTSIDE" origin=https://elsewhere.example && says mallory "refused 403"
}

# --- jalurd -----------------------------------------------------------------------------

# counted NAME EXPRESSION
counted() { ctl info --json | jq -e "[.. | .\"$1\"? // empty | select($2)] | length == 1" >/dev/null; }
connections() { ctl transport list --json | jq -r ".connections[] | select($1) | $2"; }
lists() { [ -n "$(connections "$1" .id)" ]; }
no_calls() { ctl call list --json | jq -e '.calls == []' >/dev/null; }
cdr_of() { [ "$(tail -n 1 "$dir/cdr" | jq -c "$1")" = "$2" ]; }

# --- calls ------------------------------------------------------------------------------

callee() {	# scenario [mode]
	rm -f "$dir/callid-b"
	start_sipp "$callee_ns" "$1" -i $CALLEE -mi $CALLEE -p 5060 -t "${2:-u1}"
	callee_pid=$!
	wait_for listens "$callee_ns" 5060
}

# calls NAME NUMBER SCENARIO [MODE]: and both talk
calls() {
	callee "$3" "${4:-u1}" && tell "$1" call "sip:$2@phone.example" && says "$1" ringing &&
		says "$1" "talking local" && wait_for call_is_up
}

hangs_up() { tell "$1" hangup && says "$1" "ended local .*" && sipp_done "$callee_pid"; }

# NAME: hears that the callee is gone
is_hung_up() {
	wait_for test -s "$dir/callid-b" && go_on callee && says "$1" "ended remote BYE .*" &&
		sipp_done "$callee_pid"
}

holds_and_resumes() {
	tell "$1" hold && says "$1" holds && held_is true &&
		tell "$1" resume && says "$1" speaks && held_is false
}

held_is() { ctl call list --json | jq -e ".calls[0].held == $1" >/dev/null; }

updates() { tell "$1" update && says "$1" updated; }

# sipp_calls SCENARIO NAME
sipp_calls() {
	listen_to "$2"
	sipp_ids=$((${sipp_ids:-0} + 1))
	echo "sipp-call-$sipp_ids" >"$dir/callid-b"
	start_sipp "$callee_ns" "$1" -i $CALLEE -mi $CALLEE -p 5060 -s "$2" \
		-cid_str "sipp-call-$sipp_ids" "$INSIDE:5060"
	sipp_pid=$!
}

is_called() {
	sipp_calls uac_plain "$1"
	says "$1" "called by alice" && says "$1" "talking remote" &&
		says "$1" "ended remote BYE .*" && sipp_done "$sipp_pid"
}

# SIPp goes on three times, and each time the page hears it.
is_held_and_resumed() {
	local event
	sipp_calls uac_hold "$1"
	says "$1" "talking remote" && wait_for call_is_up || return 1
	for event in held resumed "ended remote BYE .*"; do
		go_on callee && says "$1" "$event" || return 1
	done
	sipp_done "$sipp_pid"
}

is_not_reached() {
	sipp_calls uac_refused_503 "$1"
	sipp_done "$sipp_pid"
}

breaks_and_returns() {
	tell "$1" break && says "$1" "disconnected .*" && says "$1" connected && call_is_up
}

# From here on calls end without media.
media_idle_call() {
	media_idle 3s && wait_for log_has "configuration loaded again" && calls bob 100 uas_plain
}

callee_gets_bye() {
	{ kill -KILL "$bob_pid"; wait "$bob_pid"; } 2>/dev/null
	sipp_done "$callee_pid" && wait_for no_calls
}

# --- pings ------------------------------------------------------------------------------

one_is_open() { [ "$(connections '.transport == "WS" and .state == "open"' .id | wc -l)" = 1 ]; }

outlives() {	# NAME: twice its idle time, without a message
	local id messages age

	listen_to "$1"
	wait_for one_is_open || return 1	# erin has just gone
	id=$(connections '.transport == "WS" and .state == "open"' .id)
	messages=$(connections ".id == \"$id\"" .messages_in)
	age=$(connections ".id == \"$id\"" .age_ms)
	wait_for lists ".id == \"$id\" and .state == \"open\" and .age_ms > $((age + 7000))" &&
		lists ".id == \"$id\" and .messages_in == $messages" && says "$1" pinged &&
		! said "$1" "disconnected .*"
}

check "certificates are made" certificates jalur.example
hosts "$caller_ns" "$OUTSIDE jalur.example"
jalurd_config 60s
check "jalurd starts" start_jalurd_again
check "a page of somebody else is refused" refused_as_a_stranger
kill "$phone_pid"
check "and that is counted" counted connections-origin-refused ". >= 1"
check "the phone's page is let in" opens alice "ws://$OUTSIDE" origin=$page
check "by TLS, too, where jalurd proves its name" opens bob wss://jalur.example origin=$page
bob_pid=$phone_pid
# OPTIONS and 200.
greeted=".messages_in == 1 and .messages_out == 1"
check "its WebSocket is listed, with the page" lists \
	".transport == \"WS\" and .state == \"open\" and .origin == \"$page\" and .tls == null and $greeted"
check "and the one by TLS" lists \
	".transport == \"WSS\" and .state == \"open\" and .origin == \"$page\" and .tls.version == \"TLSv1.3\" and $greeted"
check "the list is what its schema says" eval \
	'ctl transport list --json >"$dir/list" && "$here/validate" "transport-list=$dir/list"'

check "a page calls, by UDP behind jalurd" calls alice 100 uas_plain
check "and hangs up" hangs_up alice
check "another calls by TLS, by TCP behind jalurd" calls bob 200 uas_plain t1
check "and hangs up" hangs_up bob
for name in alice bob; do
	check "$name calls" calls $name 100 uas_hold
	check "holds the callee, and resumes" holds_and_resumes $name
	check "and hangs up" hangs_up $name
	check "$name calls" calls $name 100 uas_ends
	check "sends an offer in UPDATE" updates $name
	check "and the callee hangs up" is_hung_up $name
done
for name in alice bob; do
	check "$name is called, and the caller hangs up" is_called $name
	check "$name is called, held, resumed" is_held_and_resumed $name
done

check "a call is up" calls alice 100 uas_plain
check "its connection breaks, the page makes another, the call stays" breaks_and_returns alice
check "the page hangs up by the new one" hangs_up alice
check "a call is up" calls bob 100 uas_ends
check "its connection breaks, the page makes another, the call stays" breaks_and_returns bob
check "the callee hangs up, the page hears it by the new one" is_hung_up bob

# What is new from that address is taken only where the connection of the call is gone.
check "a call is up" calls alice 100 uas_ends
check "another page of its address comes" opens erin "ws://$OUTSIDE" origin=$page
check "the callee hangs up, and who was in the call hears it" is_hung_up alice
kill "$phone_pid"

check "an idle WebSocket that answers pings stays" outlives alice
check "a WebSocket that never says anything is closed" eval \
	'opens dave "ws://$OUTSIDE" origin=$page mute && says dave "disconnected .*"'
kill "$phone_pid"
check "one that answers no pings is closed" opens carol "ws://$OUTSIDE" origin=$page deaf
check "for that" eval 'says carol "disconnected .*" && counted connections-no-pong ". >= 1"'
kill "$phone_pid"

check "a call is up" media_idle_call
check "the page is gone for good: the callee gets BYE" callee_gets_bye
check "the record says why" wait_for cdr_of '[.ended_by, .cause.text]' '["jalur","media timeout"]'
check "and who has no connection is not called" is_not_reached bob
check "no session is left" wait_for sessions_are 0
ktap_finished
