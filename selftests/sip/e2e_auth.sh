#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Subscribers call from a realm that challenges: those of the configuration, and those
# that jalurctl adds to the store while jalurd runs. A wrong password is refused, and so
# is a user who is not there.
. "$(dirname "$0")/lib.sh"
setup
plan 13

start_with_domain() {
	(umask 077 && echo secret >"$dir/alice.secret")
	config "store: {file: $dir/store}" "domains:" "  example.com:" "    realms: [outside]" \
		"    limits: {calls: 1}" "    subscribers:" \
		"      - {user: alice, password-file: $dir/alice.secret}" |
		sed -e 's/^  outside:$/&\n    auth: digest/' \
		    -e 's/match: {trunk: phones}/match: {realm: outside}/' >"$dir/jalurd.yaml"
	start_jalurd_again
}

restart() {
	kill "$jalurd_pid"
	wait "$jalurd_pid"
	: >"$dir/jalurd.log"
	start_jalurd_again
}

as() {	# scenario user password
	start_sipp "$caller_ns" "$1" -i $STRANGER -p 5060 -s 4930123 -key user "$2" \
		-au "$2" -ap "$3" "$OUTSIDE:5060"
	sipp_done $!
}

calls() {	# user password
	start_callee uas_plain && as uac_auth "$1" "$2" && sipp_done "$callee_pid"
}

refused() { as uac_auth_refused "$1" "$2"; }

counter_is() { [ "$(ctl info --json | jq ".daemon.counters[\"$1\"]")" = "$2" ]; }

# The password is seen by nobody who lists processes, nor in the store.
add_carol() { echo sesame | ctl subscriber add carol@example.com --json >"$dir/added"; }

# A password that does not fit is not cut.
refuses_long() { ! printf '%300s\n' x | tr ' ' x | ctl subscriber add dave@example.com; }

takes_away() {
	ctl subscriber list --json >"$dir/list" &&
		ctl subscriber del carol@example.com --json >"$dir/deleted" &&
		"$here/validate" subscriber-list="$dir/list" subscriber-change="$dir/added" \
			subscriber-change="$dir/deleted" && mistakes_are_said
}

store_has_no_password() {
	ctl subscriber list --json | jq -e '.subscribers | length == 2' >/dev/null &&
		! grep -aq sesame "$dir"/store*
}

# ctl_says STATUS TEXT ARGUMENT...: exit status and a part of stderr
ctl_says() {
	local want=$1 text=$2 status
	shift 2

	ctl "$@" >"$dir/out" 2>"$dir/said"
	status=$?
	[ "$status" = "$want" ] && grep -qe "$text" "$dir/said" && return
	echo "# $*: status $status, expected $want and \"$text\""
	sed 's/^/# /' "$dir/out" "$dir/said"
	return 1
}

# What was wrong, where, and what to do: in the words of the command line.
mistakes_are_said() {
	ctl_says 4 'DOMAIN' registration list nowhere.example &&
		ctl_says 4 'as "zed@example.com"' registration show zed@example.com &&
		ctl_says 4 'try: jalurctl registration list' registration del zed@example.com &&
		ctl_says 4 'try: jalurctl subscription list' subscription show 7 &&
		ctl_says 2 'try: jalurctl subscription list' subscription del xyz &&
		ctl_says 2 'try: jalurctl call list' call show xyz &&
		ctl_says 4 'try: jalurctl transport list' transport close 7 &&
		ctl_says 4 '"zed@example.com"' presence show zed@example.com &&
		ctl_says 4 'zed@example.com: ' subscriber del zed@example.com &&
		ctl_says 1 'alice@example.com: ' subscriber del alice@example.com &&
		ctl_says 2 'at: --interval' drain watch --interval never &&
		ctl_says 2 '"code": "usage"' --json call show
}

check "jalurd starts" start_with_domain
check "a subscriber calls when he has proved who he is" calls alice secret
check "he is refused with a wrong password" refused alice guess
check "and so is a user who is not there" refused carol sesame
check "both are counted" counter_is credentials-wrong 2
check "jalurctl takes no password that it would cut" refuses_long
check "and adds him" add_carol
check "who calls at once" calls carol sesame
check "what is stored is no password" store_has_no_password
check "after a restart" restart
check "he still calls" calls carol sesame
check "jalurctl takes him away, and says what the schemas say" takes_away
check "and he is refused" refused carol sesame
ktap_finished
