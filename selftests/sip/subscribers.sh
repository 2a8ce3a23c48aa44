# SPDX-License-Identifier: GPL-2.0-only
#
# Phones of baresip's that register, sourced after peers.sh and baresip.sh: alice outside and
# bob inside are subscribers of example.com, in two realms that challenge everybody.

# As write_config, with alice and bob, whose passwords are their names backwards, and others.
# Challenges are by MD5 alone: this baresip gives a call up at one by SHA-256, though another
# by MD5 is beside it.
write_domain() {	# "transport..." "other user..." [line...]
	local user

	for user in alice bob $2; do
		(umask 077 && rev <<<"$user" >"$dir/$user.secret")
	done
	AUTH=digest write_config "$1" "$1" "store: {file: $dir/store}" "${@:3}" <<-END
	domains:
	  example.com:
	    realms: [outside, inside]
	    algorithms: [md5]
	    subscribers:
	$(for user in alice bob $2; do
		echo "      - {user: $user, password-file: $dir/$user.secret}"
	done)
	$(cat)
	END
}

subscriber() {	# user password transport proxy [parameters]
	echo "<sip:$1@example.com;transport=$3>;auth_user=$1;auth_pass=$2;regint=3600" \
		"outbound=\"sip:$4;transport=$3\"" "audio_codecs=PCMA" ${5-} | tr ' ' ';'
}

# make_subscribers TRANSPORT HZ: alice, who speaks with this tone, is in a-TRANSPORT, bob, who
# answers with 620 Hz, in b-TRANSPORT
make_subscribers() {
	make_phone "b-$1" $CALLEE 620 "$(subscriber bob bob "$1" $INSIDE answermode=auto)"
	make_phone "a-$1" $CALLER "$2" "$(subscriber alice ecila "$1" $OUTSIDE)"
	start_phone "$callee_ns" "b-$1" || return 1
	phones=$!
	start_phone "$caller_ns" "a-$1" || return 1
	phones="$phones $!"
}

# Once, there, and by a connection if the transport has any.
registered() {	# user address transport
	ctl registration list example.com --json >"$dir/registrations" &&
		jq -e --arg aor "$1@example.com" --arg at "@$2" --arg by "$3" \
			'[.registrations[] | select(.aor == $aor)] | length == 1 and
			 (.[0] | (.contact | split($at)[1] // "" | test("^[:;]")) and
				(if $by == "udp" then .connection == null
				 else .connection != null and (.contact | contains(";transport=" + $by)) end))' \
			"$dir/registrations" >/dev/null
}

both_registered() {	# transport
	wait_for registered alice $CALLER "$1" && wait_for registered bob $CALLEE "$1" && return
	jq . "$dir/registrations" | sed 's/^/# /'
	return 1
}

counter() { ctl info --json | jq ".daemon.counters[\"$1\"]"; }

alice_calls_bob() { tell_caller dial "sip:bob@example.com" && wait_for call_is_up; }
