#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Phones register, are seen, are called where they are, and expire. In a flood of
# registrations jalurd is killed: every contact that got its 200 is there afterwards.
. "$(dirname "$0")/lib.sh"
setup
plan 11

USERS=100		# each with up to 32 contacts

users() { seq -f 'user%g' $USERS; }

start_with_users() {
	(umask 077 && echo secret >"$dir/secret")
	config "store: {file: $dir/store}" "domains:" "  example.com:" "    realms: [outside]" \
		"    register: {contacts: 32, expires: {min: 1s}}" "    subscribers:" |
		sed -e 's/^  outside:$/&\n    auth: digest/' >"$dir/jalurd.yaml"
	for user in $(users); do
		sed -i "/^    subscribers:/a\\      - {user: $user, password-file: $dir/secret}" \
			"$dir/jalurd.yaml"
	done
	{ echo SEQUENTIAL; users | sed 's/.*/&;[authentication username=& password=secret];/'; } >"$dir/users.csv"
	start_jalurd_again
}

# As many as are wanted, so many a second.
start_phones() {	# expires how-many rate
	start_sipp "$caller_ns" uac_register -i $STRANGER -p 5060 -key expires "$1" \
		-inf "$dir/users.csv" -m "$2" -r "$3" -l 5000 -recv_timeout 3000 -trace_logs \
		-log_file "$dir/registered" "$OUTSIDE:5060"
	phones_pid=$!
}

phone_registers() { start_phones "$1" 1 1 && sipp_done "$phones_pid"; }

contacts() { ctl registration list "$@" --json | jq -r '.registrations[].contact' | sort; }
count_is() { [ "$(contacts | wc -l)" = "$1" ]; }
shown() { ctl registration show user1@example.com | grep -q "$STRANGER:5060"; }

ends_registration() {
	ctl registration list --json >"$dir/list" &&
		ctl registration show user1@example.com --json >"$dir/show" &&
		ctl registration del user1@example.com --json >"$dir/del" &&
		"$here/validate" registration-list="$dir/list" registration-list="$dir/show" \
			registration-del="$dir/del"
}

# From the PBX, to the user and not to a number.
caller_of_user() {
	sed -e 's/\[service\]@\[remote_ip\]:\[remote_port\]/user1@example.com/' \
	    -e 's/\[service\]@\[remote_ip\]/user1@example.com/' \
		"$(scenario "$1")" >"$dir/$1.xml.new" && mv "$dir/$1.xml.new" "$dir/$1.xml"
	start_sipp "$callee_ns" "$1" -i $CALLEE -p 5060 "$INSIDE:5060"
	caller_pid=$!
}

user_is_called() {
	start_sipp "$caller_ns" uas_plain -i $STRANGER -p 5060
	phone_pid=$!
	wait_for in_caller ss -Huln "sport = :5060"
	caller_of_user uac_plain && sipp_done "$caller_pid" && sipp_done "$phone_pid"
}

user_is_not_there() {
	sed -e 's/response="403"/response="480"/' "$here/scenarios/uac_refused.xml" \
		>"$dir/uac_refused.xml"
	caller_of_user uac_refused && sipp_done "$caller_pid"
}

acknowledged() { sed -n 's/.*registered //p' "$dir/registered" | sort; }
some_are_acknowledged() { [ "$(acknowledged | wc -l)" -ge 200 ]; }

kill_in_the_flood() {
	rm -f "$dir/registered"
	start_phones 3600 3000 1000
	wait_for some_are_acknowledged || return 1
	kill -KILL "$jalurd_pid"
	wait "$jalurd_pid"
	wait "$phones_pid"
	local n
	n=$(acknowledged | wc -l)
	echo "# $n of 3000 had their 200"
	[ "$n" -lt 3000 ]
}

restart() {
	: >"$dir/jalurd.log"
	start_jalurd_again
}

every_one_is_there() {
	contacts >"$dir/contacts"
	[ -z "$(acknowledged | comm -23 - "$dir/contacts")" ]
}

check "jalurd starts" start_with_users
check "a phone registers" phone_registers 3600
check "it is shown" shown
check "it is called where it is" user_is_called
check "the administrator ends its registration, told as the schemas say" ends_registration
check "it is called no more" user_is_not_there
check "another registers for two seconds" phone_registers 2
check "and is gone" wait_for count_is 0
check "jalurd is killed in a flood of registrations" kill_in_the_flood
check "it starts again" restart
check "and every contact that got its 200 is there" every_one_is_there
ktap_finished
