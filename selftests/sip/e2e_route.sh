#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Routes: what jalurctl says that becomes of a call is what becomes of it. One call is
# rejected by a header, another goes on with a number and a header that the route made.
RELAY=userspace
. "$(dirname "$0")/lib.sh"
FIRST_ROUTES="
  - {name: no, match: {headers: [{name: X-Block, pattern: 'y(es)?'}]}, reject: {code: 603, reason: Not Today}}"
ROUTE_TO="trunk: pbx}, rewrite: {number: {pattern: '^49(..)', replacement: '+49-\$1-'}, headers: {add: [{name: X-Called, value: 'as \$0'}]}"
setup
plan 9

# says NAME FILTER [option...]: what the test of a route from the caller has there
says() {
	local file=$dir/test-$1 filter=$2
	shift 2

	ctl route test --json --source $CALLER --uri "sip:4930123@$OUTSIDE" "$@" >"$file" &&
		jq -er "$filter" "$file"
}

is() { [ "$1" = "$2" ] || { echo "# found \"$1\", expected \"$2\""; return 1; }; }

# The caller of another scenario, with a header and another end.
blocked_caller() {
	sed "s/X-Test: passes/X-Block: yes/; s/response=\"403\"/response=\"$1\"/" \
		"$here/scenarios/uac_refused.xml" >"$dir/uac_blocked.xml"
}

# A callee who wants to be called so, and to see that.
choosy_callee() {	# request URI, header line
	sed "s|<recv request=\"INVITE\" />|<recv request=\"INVITE\"><action>\
<ereg regexp=\"^INVITE ${1//+/\\\\+} SIP\" search_in=\"msg\" check_it=\"true\" assign_to=\"1\" />\
<ereg regexp=\"$2\" search_in=\"msg\" check_it=\"true\" assign_to=\"2\" />\
</action></recv><Reference variables=\"1,2\" />|" "$here/scenarios/uas_busy.xml" >"$dir/uas_choosy.xml"
}

check "jalurd starts" start_jalurd
status=$(says blocked .status --header "X-Block: yes")
check "a call with that header is to be refused with 603" is "$status" 603
blocked_caller "$status"
start_caller uac_blocked
check "and is" sipp_done "$caller_pid"
check "by that route, says the log" log_has "refused 603: .*by route no"

uri=$(says rewritten '.to[0].uri')
line=$(says lines '.headers_added[0]')
check "the number is to be rewritten" is "$uri" "sip:+49-30-123@$CALLEE:5060"
check "a header is to be added" is "$line" "X-Called: as 4930123"
choosy_callee "$uri" "$line"
start_callee uas_choosy
start_caller uac_busy
check "and so it arrives" eval 'sipp_done $callee_pid && sipp_done $caller_pid'
check "people are told, too" eval 'ctl route test --source $CALLER --uri sip:4930123@x >"$dir/out" &&
	grep -q "^no  *no: headers X-Block" "$dir/out" && grep -q "^in  *yes, taken" "$dir/out"'
ctl route list --json >"$dir/list"
check "what is printed is as the schemas say" "$here/validate" route-list="$dir/list" \
	route-test="$dir/test-blocked" route-test="$dir/test-rewritten"
ktap_finished
