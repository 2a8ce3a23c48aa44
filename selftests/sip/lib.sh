# SPDX-License-Identifier: GPL-2.0-only
#
# Two SIPp user agents and jalurd between them, in three network namespaces:
#
#   caller 10.1.0.2 ---- 10.1.0.1 relay 10.2.0.1 ---- 10.2.0.2 callee
#          fd01::2        fd01::1       fd02::1        fd02::2
#
# The relay namespace does not forward: what gets through went through the relay,
# which is jalur.ko, or jalurd itself with RELAY=userspace.
# SIPp signals; rtp_peer (selftests/net) speaks and listens at the addresses that
# the SDP named. The test tells SIPp to go on by a NOTIFY, so nothing depends on
# how long a machine takes.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
beside=$(cd "$(dirname "$0")" && pwd)
TOP=${TOP:-$(cd "$here/../.." && pwd)}
BUILT=${BUILT:-$TOP/build}
. "$TOP/selftests/lib/ktap.sh"

jalurd=$BUILT/jalurd
jalurctl=$BUILT/jalurctl
rtp_peer=$BUILT/net/rtp_peer

# A test may choose IPv6 for either side before setup.
CALLER=10.1.0.2 OUTSIDE=10.1.0.1 INSIDE=10.2.0.1 CALLEE=10.2.0.2
ipv6_outside() { CALLER=fd01::2 OUTSIDE=fd01::1; }
ipv6_inside() { CALLEE=fd02::2 INSIDE=fd02::1; }
STRANGER=10.1.0.66
CALLER_RTP=4000 CALLEE_RTP=6000
# Where the calls go; trunk desk is a second user agent of the callee. FIRST_ROUTES are lines
# in front of that route.
ROUTE_TO="trunk: pbx"
RELAY=${RELAY:-kernel}
# By what a call comes and leaves: udp, tcp or tls; the latter two through a wire (wires.sh).
FROM=${FROM:-udp} TO=${TO:-udp}
[ "$FROM$TO" = udpudp ] || . "$here/wires.sh"
tests=0

# How patient to be: a debug kernel under emulation is several times slower.
slow=1
[ "${VM_KERNEL-}" != debug ] || slow=5

skip_all() {
	ktap_print_header
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

# What runs in the background is started by ip itself: the pid of a function would
# be that of a shell around it.
# An address as URIs and host:port write it.
host() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac; }

in_caller() { ip netns exec "$caller_ns" "$@"; }
in_relay()  { ip netns exec "$relay_ns" "$@"; }
in_callee() { ip netns exec "$callee_ns" "$@"; }
ctl() { in_relay "$jalurctl" --socket "$dir/control" "$@"; }

load_module() {
	local ko

	[ -e /sys/module/jalur ] && return
	for ko in "$BUILT/../build/kmod-$(uname -r)"{-debug,}/jalur.ko; do
		[ -e "$ko" ] || continue
		# insmod loads no dependencies.
		modprobe -q -a $(modinfo -F depends "$ko" | tr , ' ') 2>/dev/null
		insmod "$ko" && return
	done
	skip_all "no jalur.ko for $(uname -r)"
}

cleanup() {
	local pid

	for pid in $jalurd_pid $sipp_pids $rtp_pids; do
		kill "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	ip netns del "$caller_ns" 2>/dev/null
	ip netns del "$relay_ns" 2>/dev/null
	ip netns del "$callee_ns" 2>/dev/null
	rm -rf "$dir" "/etc/netns/$caller_ns" "/etc/netns/$relay_ns" "/etc/netns/$callee_ns"
}

link() {	# ns-a ns-b name-a name-b network; a has .2, b has .1
	ip -n "$1" link add "to-$4" type veth peer name "to-$3" netns "$2"
	ip -n "$1" addr add "10.$5.0.2/24" dev "to-$4"
	ip -n "$2" addr add "10.$5.0.1/24" dev "to-$3"
	ip -n "$1" addr add "fd0$5::2/64" dev "to-$4" nodad
	ip -n "$2" addr add "fd0$5::1/64" dev "to-$3" nodad
	ip -n "$1" link set "to-$4" up
	ip -n "$2" link set "to-$3" up
}

setup() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	command -v sipp >/dev/null || skip_all "sipp is not installed"
	[ "$RELAY" = userspace ] || load_module
	ktap_print_header
	dir=$(mktemp -d /tmp/jalur-sip.XXXXXX)
	caller_ns=caller-$$ relay_ns=relay-$$ callee_ns=callee-$$
	jalurd_pid='' sipp_pids='' rtp_pids=''
	trap cleanup EXIT
	for ns in "$caller_ns" "$relay_ns" "$callee_ns"; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
	done
	link "$caller_ns" "$relay_ns" caller relay 1
	link "$callee_ns" "$relay_ns" callee relay 2
	ip -n "$caller_ns" addr add $STRANGER/24 dev to-relay
	in_relay sysctl -qw net.ipv4.ip_forward=0
	in_relay sysctl -qw net.ipv4.ip_local_reserved_ports=20000-21999
}

# A SIPp at the callee's port: by UDP itself, else the wire that leads to it.
callee_uri() {	# port [name]
	case $TO in
	udp) echo "sip:$(host "${2:-$CALLEE}"):$1" ;;
	tcp) echo "sip:$CALLEE:$(($1 + 1));transport=tcp" ;;
	tls) echo "sip:callee.example:$(($1 + 1));transport=tls" ;;
	esac
}

caller_target() { [ "$FROM" != udp ] || echo ", target: \"sip:$(host $CALLER):5060\""; }

tls_of() {	# transport: what its realm has to have, too
	[ "$1" != tls ] || printf '\n    tls: %s' "{certificates: [{certificate: $dir/jalur.example.pem, key: $dir/jalur.example.key}], ca: $dir/ca.pem}"
}

config() {	# lines for timers, on-stop and so on are appended
	cat <<-END
	node: 1
	control: $dir/control
	control-group: root
	log-level: ${LOG_LEVEL:-info}
	relay: $RELAY
	realms:
	  outside:
	    signalling:
	      - {address: "$OUTSIDE", port: 5060, transport: $FROM}$(tls_of $FROM)
	    media:
	      - {address: "$OUTSIDE", ports: ${OUTSIDE_PORTS:-20000-20999}}
	  inside:
	    signalling:
	      - {address: "$INSIDE", port: 5060, transport: $TO}$(tls_of $TO)
	    media:
	      - {address: "$INSIDE", ports: ${INSIDE_PORTS:-21000-21999}}
	trunks:
	  phones: {realm: outside, match: ["$CALLER"]$(caller_target)}
	  pbx:    {realm: inside, match: ["$CALLEE"], target: "$(callee_uri 5060)"}
	  desk:   {realm: inside, target: "$(callee_uri 5062 "${DESK_NAME-}")"}
	routes:${FIRST_ROUTES-}
	  - {name: in, match: {trunk: phones}, to: {$ROUTE_TO}}
	END
	more_config "$@"
}

# SIPp gives a call up when a retransmission comes while it is still answering: a
# slow machine waits longer before it sends again. And it is not overloaded, only slow.
more_config() {
	local line timers= overload=

	for line; do
		case $line in
		"timers: {"*)
			timers=1
			[ $slow = 1 ] || line="timers: {t1: $((500 * slow))ms, ${line#timers: \{}"
			;;
		"overload: {"*)
			overload=1
			;;
		esac
		echo "$line"
	done
	[ -n "$overload" ] || echo "overload: {lag: 60s}"
	[ $slow = 1 ] || [ -n "$timers" ] || echo "timers: {t1: $((500 * slow))ms}"
}

start_jalurd() {
	[ "$FROM$TO" = udpudp ] || start_wires || return 1
	config "$@" >"$dir/jalurd.yaml"
	start_jalurd_again
}

start_jalurd_again() {
	ip netns exec "$relay_ns" "$jalurd" --config "$dir/jalurd.yaml" 2>>"$dir/jalurd.log" &
	jalurd_pid=$!
	wait_for grep -q "ready" "$dir/jalurd.log" || { cat "$dir/jalurd.log"; return 1; }
}

wait_for() {	# a command, to be true within a minute
	local end=$((SECONDS + 60 * slow))

	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# What a test made itself, what is beside it, what is here.
scenario() {
	local folder

	for folder in "$dir" "$beside/scenarios" "$here/scenarios"; do
		[ ! -e "$folder/$1.xml" ] || break
	done
	echo "$folder/$1.xml"
}

start_sipp() {	# ns scenario [options]; its pid is in $!
	local ns=$1 name=$2
	shift 2

	(cd "$dir" && exec ip netns exec "$ns" sipp -sf "$(scenario "$name")" -m 1 -nostdin \
		-mp 40000 -key dir "$dir" -trace_err -error_file "$dir/$name.err" \
		-recv_timeout $((60000 * slow)) "$@") >"$dir/$name.out" 2>&1 &
	sipp_pids="$sipp_pids $!"
}

start_callee() {	# scenario
	start_sipp "$callee_ns" "$1" -i $CALLEE -p 5060 -t "$(sipp_mode $TO)"
	callee_pid=$!
	wait_for callee_listens 5060
}

sipp_mode() { [ "$1" = udp ] && echo u1 || echo t1; }

callee_listens() {	# port
	in_callee ss -Hln "$([ $TO = udp ] && echo -u || echo -t)" "sport = :$1" | grep -q .
}

caller_way() { [ $FROM = udp ] && echo "$(host $OUTSIDE):5060" || echo "$CALLER:5099"; }

start_caller() {	# scenario [address]
	calls=$((${calls:-0} + 1))
	CALL_ID=e2e-call-$calls-of-$$
	start_sipp "$caller_ns" "$1" -i "${2:-$CALLER}" -p 5060 -s 4930123 -t "$(sipp_mode $FROM)" \
		-cid_str "$CALL_ID" "$(caller_way)"
	caller_pid=$!
}

start_call() {	# caller's scenario, callee's
	start_callee "$2" && start_caller "$1" && call_comes_up
}

call_comes_up() {
	wait_for test -s "$dir/port-a" && wait_for test -s "$dir/port-b" || return 1
	port_a=$(cat "$dir/port-a")
	port_b=$(cat "$dir/port-b")
	wait_for call_is_up
}

# What jalurd shows is not on the disk yet: who is killed then does not know it afterwards.
written_down() { ctl info --json | jq -e '.daemon.store.waiting == 0' >/dev/null; }

call_is_up() { ctl call list --json | grep -q '"up"'; }

# SIPp waits for a NOTIFY of its call before it goes on.
go_on() {	# caller|callee|desk
	local ns=$callee_ns to=$CALLEE port=5060 id

	case $1 in
	caller)	ns=$caller_ns to=$CALLER id=$CALL_ID ;;
	callee)	id=$(cat "$dir/callid-b") ;;
	desk)	id=$(cat "$dir/callid-c") port=5062 ;;
	esac
	n=$((${n:-0} + 1))
	printf '%s\r\n' "NOTIFY sip:x@$to SIP/2.0" "Via: SIP/2.0/UDP $to:9;branch=z9hG4bKgo$n" \
		"From: <sip:test@$to>;tag=go" "To: <sip:x@$to>" "Call-ID: $id" "CSeq: 9$n NOTIFY" \
		"Content-Length: 0" "" >"$dir/notify"
	# From a file: the shell's printf would send each line as a datagram.
	ip netns exec "$ns" bash -c "cat $dir/notify >/dev/udp/$to/$port"
}

sipp_done() {	# pid: SIPp saw everything that its scenario expects
	local status

	wait "$1"
	status=$?
	[ $status = 0 ] || echo "# SIPp's exit status is $status"
	return $status
}

# Audio both ways: $1 packets a side, one each 20 ms; figures in $dir/rtp-{a,b}.
start_audio() {
	rm -f "$dir"/ready-* "$dir/go"
	ip netns exec "$caller_ns" "$rtp_peer" --local "$(host $CALLER):$CALLER_RTP" \
		--remote "$(host $OUTSIDE):$port_a" --tone 440 --expect-tone 620 --send "$1" --expect "$1" --first "${2:-1000}" \
		--ready "$dir/ready-a" --go "$dir/go" --wav "$dir/heard-a.wav" >"$dir/rtp-a" &
	rtp_a=$!
	ip netns exec "$callee_ns" "$rtp_peer" --local "$(host $CALLEE):$CALLEE_RTP" \
		--remote "$(host $INSIDE):$port_b" --tone 620 --expect-tone 440 --send "$1" --expect "$1" --first "${2:-1000}" \
		--ready "$dir/ready-b" --go "$dir/go" --wav "$dir/heard-b.wav" >"$dir/rtp-b" &
	rtp_b=$!
	rtp_pids="$rtp_pids $rtp_a $rtp_b"
	wait_for test -e "$dir/ready-a" && wait_for test -e "$dir/ready-b" && touch "$dir/go"
}

audio_complete() {
	local status=0

	wait "$rtp_a" || status=1
	wait "$rtp_b" || status=1
	echo "# caller: $(cat "$dir/rtp-a")"
	echo "# callee: $(cat "$dir/rtp-b")"
	return $status
}

# Sockets of the relay namespace in the media ranges. The kernel's relay has none, the
# one in userspace one for each end, RTP and RTCP of both sides.
media_sockets() { in_relay ss -Huan | awk '{ print $4 }' | grep -E ':2[01][0-9]{3}$'; }

media_sockets_are_right() {
	[ "$(media_sockets | wc -l)" = "$([ "$RELAY" = kernel ] && echo 0 || echo 4)" ] && return
	media_sockets | sed 's/^/# socket at /'
	return 1
}

checksum_errors() {	# ns
	ip netns exec "$1" awk '/^Udp:/ {
		if (c) print $c
		for (i = 1; i <= NF; i++)
			if ($i == "InCsumErrors") c = i
	}' /proc/net/snmp
}

no_checksum_errors() {
	[ "$(checksum_errors "$caller_ns")" = 0 ] && [ "$(checksum_errors "$callee_ns")" = 0 ]
}

# Without the module the sessions are seen by their sockets, four for each.
session_count() {
	[ "$RELAY" = kernel ] || { echo $(($(media_sockets | wc -l) / 4)); return; }
	ctl session list --json | python3 -c '
import json, sys
text = sys.stdin.read().strip()
data = json.loads(text) if text else []
print(len(data.get("sessions", data) if isinstance(data, dict) else data))'
}

sessions_are() { [ "$(session_count)" = "$1" ]; }

# CAP_NET_ADMIN is bit 12: with the kernel's relay jalurd keeps it, else nothing.
capabilities_are() { [ "$(awk '/^CapPrm/ { print $2 }' "/proc/$jalurd_pid/status")" = "$1" ]; }

serving_relay() { ctl info --json | grep -qE "\"relay\": ?\"$1\""; }

# A figure of the one call that is up, over all its ends: rx_packets, lost, dropped.
figure() {
	ctl call show "$(ctl call list --json | jq -r '.calls[0].id')" --json |
		jq "[.media.ends[].$1] | add"
}

# RTP to the ports of a call that is over: nobody may hear it.
nobody_hears() {
	in_callee "$rtp_peer" --local "$(host $CALLEE):$CALLEE_RTP" --remote "$(host $INSIDE):$port_b" \
		--tone 620 --expect-tone 440 --expect 1 --linger 1500 >"$dir/rtp-late" &
	local listener=$!

	in_caller "$rtp_peer" --local "$(host $CALLER):$CALLER_RTP" --remote "$(host $OUTSIDE):$port_a" \
		--tone 440 --expect-tone 620 --send 25 --linger 300 >"$dir/rtp-late-a"
	wait "$listener"
	echo "# callee, after the end: $(cat "$dir/rtp-late")"
	grep -q 'received=0 .*foreign=0 damaged=0' "$dir/rtp-late"
}

log_has() { grep -qE "$1" "$dir/jalurd.log"; }

plan() {
	ktap_set_plan "$1"
}

check() {	# description, command
	local what=$1
	shift

	if "$@"; then
		ktap_test_pass "$what"
	else
		ktap_test_fail "$what"
		fail_details "$@"
	fi
}

fail_details() {
	local f

	echo "# failed: $*"
	for f in "$dir"/jalurd.log "$dir"/*.err; do
		[ -s "$f" ] || continue
		echo "# --- ${f##*/}"
		tail -n 30 "$f" | sed 's/^/# /'
	done
}
