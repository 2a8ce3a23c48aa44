# SPDX-License-Identifier: GPL-2.0-only
#
# For tests with other programs as peers, sourced after lib.sh: names, the certificates
# of a CA that is made for the test, programs in the background.

certificates() {	# name...: NAME.pem and NAME.key in $dir, and ca.pem
	(cd "$dir" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout ca.key -out ca.pem -days 2 -subj "/CN=test CA" &&
	for name; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $name.key \
			-out $name.csr -subj "/CN=$name" &&
		openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
			-out $name.pem -extfile <(echo "subjectAltName=DNS:$name") || return 1
	done) >"$dir/openssl.log" 2>&1
}

# ip-netns shows a namespace its own /etc/hosts.
hosts() {	# ns line...
	mkdir -p "/etc/netns/$1" &&
		printf '%s\n' "127.0.0.1 localhost" "${@:2}" >"/etc/netns/$1/hosts"
}

# A realm, and what the test wants more of it: AUTH, TRANSFER, INSIDE_TLS, the origins of its
# pages.
realm() {	# name address ports transport...
	local name=$1 address=$2 ports=$3 t tls=
	shift 3

	echo "  $name:"
	echo "    media: [{address: $address, ports: $ports}]"
	[ -z "${AUTH-}" ] || echo "    auth: $AUTH"
	[ -z "${TRANSFER-}" ] || echo "    transfer: $TRANSFER"
	echo "    signalling:"
	for t; do
		case $t in
		tls)	tls=1 ;;
		wss)	tls=1 t="$t, origins: [\"$origins\"]" ;;
		ws)	t="$t, origins: [\"$origins\"]" ;;
		esac
		echo "      - {address: $address, transport: $t}"
	done
	[ -n "$tls" ] || return 0
	cat <<-END
	    tls:
	      certificates: [{certificate: $dir/jalur.example.pem, key: $dir/jalur.example.key}]
	      ca: $dir/ca.pem
	END
	[ "$name" = outside ] || [ -z "${INSIDE_TLS-}" ] || echo "      $INSIDE_TLS"
}

# The configuration of a jalurd between two realms, which listen by these transports; what
# comes in is its trunks and routes, the lines are more of the first level.
write_config() {	# "transport..." "transport..." [line...]
	local outside=$1 inside=$2
	shift 2

	{
		cat <<-END
		node: 1
		control: $dir/control
		control-group: root
		relay: $RELAY
		overload: {lag: 60s}
		END
		[ $# = 0 ] || printf '%s\n' "$@"
		echo "realms:"
		realm outside $OUTSIDE 20000-20999 $outside
		realm inside $INSIDE 21000-21999 $inside
		cat
	} >"$dir/jalurd.yaml"
}

NO_DNS='dns: {servers: ["127.0.0.1:9"]}'

# What all that follows needs: without it the test is over.
must() {
	local failed=$KTAP_CNT_FAIL

	check "$@"
	[ "$KTAP_CNT_FAIL" -eq "$failed" ] || ktap_finished
}

helper() {	# ns command...: in the background, ended at cleanup
	(exec ip netns exec "$@" 2>>"$dir/helpers.err") &
	sipp_pids="$sipp_pids $!"
}

listens() { ip netns exec "$1" ss -Hln "sport = :$2" | grep -q .; }	# ns port

# Two of SIPp are through; when one is not, the other will not be.
both_done() {	# pid pid
	sipp_done "$1" && sipp_done "$2" && return
	kill "$1" "$2" 2>/dev/null
	wait "$1" "$2"
	return 1
}

# Of SIPp, for a transport: TLS is spoken by somebody else.
mode() { [ "$1" = udp ] && echo u1 || echo t1; }
