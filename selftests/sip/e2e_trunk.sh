#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A trunk with two targets, which answer probes, take calls and have Jalur registered: calls
# go to the first; when it dies, to the second; when it is back, to the first again. The
# call beyond the limit is refused, and a trunk that is drained gets none.
. "$(dirname "$0")/lib.sh"
setup
plan 20

config() {
	install -m 600 /dev/stdin "$dir/secret" <<<secret
	cat <<-END
	node: 1
	control: $dir/control
	control-group: root
	relay: $RELAY
	realms:
	  outside:
	    signalling: [{address: $OUTSIDE}]
	    media: [{address: $OUTSIDE, ports: 20000-20999}]
	  inside:
	    signalling: [{address: $INSIDE}]
	    media: [{address: $INSIDE, ports: 21000-21999}]
	trunks:
	  phones: {realm: outside, match: [$CALLER]}
	  carrier:
	    realm: inside
	    match: [$CALLEE]
	    targets: [{uri: "sip:$CALLEE:5060"}, {uri: "sip:$CALLEE:5062", priority: 1}]
	    probe: {interval: ${slow}s, timeout: $((500 * slow))ms, down-after: 2, up-after: 2}
	    register: {aor: "sip:4930123@carrier.example"}
	    credentials: {user: "4930123", password-file: $dir/secret}
	    limits: {calls: 1}
	routes:
	  - {name: in, match: {trunk: phones}, to: {trunk: carrier}}
	END
	more_config "$@"
}

carrier_listens() { in_callee ss -Huln "sport = :$1" | grep -q .; }

start_carrier() {	# port
	start_sipp "$callee_ns" uas_trunk -m 1000000 -i $CALLEE -p "$1" -mp $((40000 + ($1 - 5000) * 10))
	carrier_pid=$!
	wait_for carrier_listens "$1"
}

show() { ctl trunk show carrier --json; }

trunk_is() { [ "$(show | jq -r .state)" = "$1" ]; }

is_registered() { [ "$(show | jq -r .registration.state)" = registered ]; }

address_is() {	# port state
	[ "$(show | jq -r ".addresses[] | select(.address == \"$CALLEE:$1\").state")" = "$2" ]
}

taken_by() {	# port: a call goes through, and was taken there
	rm -f "$dir/taken"
	start_caller uac_plain
	sipp_done "$caller_pid" && [ "$(cat "$dir/taken")" = "$1" ] && return
	echo "# taken by $(cat "$dir/taken")"
	return 1
}

refused() {
	start_sipp "$caller_ns" uac_refused_503 -i $CALLER -p 5064 -mp 42000 -s 4930123 "$OUTSIDE:5060"
	sipp_done $!
}

start_held() {
	start_caller uac
	wait_for call_is_up
}

end_held() {
	go_on caller
	sipp_done "$caller_pid"
}

calls_are() { [ "$(show | jq .calls)" = "$1" ]; }

no_calls() { wait_for calls_are 0; }

valid() {
	ctl trunk list --json >"$dir/list" && show >"$dir/show" &&
		"$here/validate" trunk-list="$dir/list" trunk-show="$dir/show"
}

stop_jalurd() {
	kill -TERM "$jalurd_pid"
	wait "$jalurd_pid"
}

check "the first target is there" start_carrier 5060
first_pid=$carrier_pid
check "and the second" start_carrier 5062
check "jalurd starts" start_jalurd
check "both answer probes" wait_for trunk_is up
check "it is registered, by its password" wait_for is_registered
check "the registrar has it for an hour" grep -q "expires=3600" "$dir/registered"
check "a call goes to the first" taken_by 5060

kill "$first_pid"
check "the first is gone, which the probes see" wait_for trunk_is degraded
check "a call goes to the second" taken_by 5062
check "it is started again" start_carrier 5060
check "and up again" wait_for address_is 5060 up
check "a call goes to the first again" taken_by 5060

no_calls
check "a call is held" start_held
check "the second one is refused" refused
check "the first one ends" end_held
no_calls
ctl trunk drain carrier >"$dir/out"
check "a drained trunk gets no call" refused
ctl trunk enable carrier >"$dir/out"
check "and then calls again" taken_by 5060
check "what is shown is as the schemas have it" valid
check "jalurd stops" stop_jalurd
check "and took its registration back" grep -q "expires=0" "$dir/registered"
ktap_finished
