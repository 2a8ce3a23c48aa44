# SPDX-License-Identifier: GPL-2.0-only
#
# Two parties, the relay between them, and a third party, each in a network
# namespace of its own:
#
#   a  10.0.1.2 ------ 10.0.1.1  relay  10.0.2.1 ------ 10.0.2.2  b
#      fd00:1::2      fd00:1::1    |    fd00:2::1      fd00:2::2
#      dev to-relay   dev to-a     | to-c      dev to-b   dev to-relay
#                                  |
#                              10.0.3.1, fd00:3::1
#                              10.0.3.2, fd00:3::2  c
#
# The relay does not forward: what gets through went through jalur.ko. a talks
# from port 4000 to the relay's 20000 (end 1), b from 5000 to 20002 (end 2).
# Nothing here waits for a fixed time where it can wait for a condition.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=${TOP:-$(cd "$here/../.." && pwd)}
BUILT=${BUILT:-$TOP/build}
. "$TOP/selftests/lib/ktap.sh"

A=10.0.1.2 RA=10.0.1.1 RB=10.0.2.1 B=10.0.2.2 RC=10.0.3.1 C=10.0.3.2
A6=[fd00:1::2] RA6=[fd00:1::1] RB6=[fd00:2::1] B6=[fd00:2::2] RC6=[fd00:3::1] C6=[fd00:3::2]
END1="end=1,local=$RA:20000,remote=$A:4000"
END2="end=2,local=$RB:20002,remote=$B:5000"
FLOWS="flow=1:2 flow=2:1"
S="owner=1 id=0x10"
FROM_A="$A:4000,$RA:20000" FROM_B="$B:5000,$RB:20002"
module=jalur.ko
pids='' more_ns=''

skip_all() {
	ktap_print_header
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

load_module() {
	local ko dir

	[ -e /sys/module/jalur ] && return
	modprobe -q -a nf_defrag_ipv6 2>/dev/null
	for dir in "$BUILT/../build/kmod-$(uname -r)"{,-debug}; do
		ko=$dir/jalur.ko
		[ -e "$ko" ] || continue
		insmod "$ko" "$@" && return
	done
	skip_all "no jalur.ko for $(uname -r)"
}

# Polls a condition for at most 10 s; a machine under emulation is slow.
await() {
	local end=$((SECONDS + 10))

	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "never came true: $*"; return 1; }
		sleep 0.05
	done
}

unload_module() {
	rmmod jalur 2>/dev/null
	[ ! -e /sys/module/jalur ]
}

# Listeners first: an open socket keeps its namespace, and that its sessions.
tear_down() {
	local pid ns

	for pid in $pids; do
		kill "$pid" 2>/dev/null
	done
	wait $pids 2>/dev/null
	pids=
	for ns in $a $r $b $c $more_ns; do
		ip netns del "$ns" 2>/dev/null
	done
}

cleanup() {
	tear_down
	[ ! -e /sys/module/jalur ] || await unload_module >/dev/null
	rm -rf "$dir"
}

make_netns() {
	ip netns add "$1" && ip -n "$1" link set lo up &&
	at "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
}

# One side's cable: NAMESPACE NUMBER NAME
plug() {
	ip -n "$r" -batch - <<-END
		link add to-$3 type veth peer name to-relay netns $1
		addr add 10.0.$2.1/24 dev to-$3
		addr add fd00:$2::1/64 dev to-$3 nodad
		link set to-$3 up
	END
	ip -n "$1" -batch - <<-END
		addr add 10.0.$2.2/24 dev to-relay
		addr add fd00:$2::2/64 dev to-relay nodad
		link set to-relay up
		route add default via 10.0.$2.1
		route add default via fd00:$2::1
	END
}

# setup PLAN: namespaces, module, trap
setup() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	[ -x "$BUILT/net/rtp" ] || skip_all "not built: make net-tests"
	load_module
	ktap_print_header
	ktap_set_plan $(($1 + 1))
	dir=$(mktemp -d /tmp/jalur-net.XXXXXX)
	a=a-$$ r=relay-$$ b=b-$$ c=c-$$
	trap cleanup EXIT
	trap 'exit 1' INT TERM
	for ns in $a $r $b $c; do
		make_netns "$ns"
	done
	plug "$a" 1 a
	plug "$b" 2 b
	plug "$c" 3 c
}

# Everything goes, and then so must the module: nothing may hold it.
finish() {
	tear_down
	check "the module unloads afterwards" await unload_module
	ktap_finished
}

# check TEXT COMMAND...: a test; what COMMAND says is shown when it fails.
check() {
	local text=$1 out
	shift

	if out=$("$@" 2>&1); then
		ktap_test_pass "$text"
	else
		ktap_test_fail "$text"
		echo "# failed: $*"
		echo "$out" | sed 's/^/#   /'
	fi
}

fails() { ! "$@"; }

at() {	# NAMESPACE COMMAND...
	local ns=$1
	shift
	nsenter --net="/run/netns/$ns" "$@"
}

# spawn NAMESPACE OUTPUT COMMAND...: in the background, until the end of the test
spawn() {
	local ns=$1 out=$2
	shift 2
	nsenter --net="/run/netns/$ns" "$@" >"$out" 2>&1 &
	pids="$pids $!"
}

relay() { "$BUILT/net/relayctl" -n "$r" "$@"; }

# A call with the two usual ends; more words may follow.
start_call() { relay new $S force $END1 $END2 $FLOWS "$@"; }

end_call() { relay del $S force; }

# talk OPTION...: both parties send, both must hear all of it.
talk() { "$BUILT/net/rtp" --a "$a,$FROM_A" --b "$b,$FROM_B" "$@"; }

rtp() { "$BUILT/net/rtp" "$@"; }

field() { relay get $S | sed -n "s/^$1=//p"; }

# has NAME=VALUE... : lines that session-get must show
has() {
	local all line

	all=$(relay get $S)
	for line; do
		echo "$all" | grep -qxF "$line" && continue
		echo "no '$line' in:"
		echo "$all"
		return 1
	done
}

lacks() { fails has "$@"; }

# refused ERRNO ATTR COMMAND...: with a text, and pointing at ATTR ("-" for none).
refused() {
	local err=$1 attr=$2 out
	shift 2

	out=$("$@")
	echo "$out"
	case $out in
	*"error $err "*) ;;
	*) echo "not $err"; return 1 ;;
	esac
	case $out in
	*'text=""'*) echo "no text"; return 1 ;;
	esac
	[ "$attr" = - ] && return
	case "$out" in
	*"attr=$attr text="*|*"missing=$attr text="*) ;;
	*) echo "does not point at $attr"; return 1 ;;
	esac
}

# Events of the relay's namespace, from here on, in $dir/events.
watch_events() {
	"$BUILT/net/relayctl" -n "$r" events >"$dir/events" &
	pids="$pids $!"
	await grep -q ready "$dir/events"
}

event_count() { grep -cE "$1" "$dir/events"; }

# event REGEX [COUNT]: that many have come, and no more
event() {
	local n=${2:-1}

	await test_count "$1" "$n" && [ "$(event_count "$1")" = "$n" ] && return
	cat "$dir/events"
	return 1
}

test_count() { [ "$(event_count "$1")" -ge "$2" ]; }

ifindex() { ip -n "$1" -o link show dev "$2" | cut -d : -f 1; }

snmp() {	# NAMESPACE GROUP FIELD: a line of /proc/net/snmp by its head
	at "$1" awk -v g="$2:" -v f="$3" '$1 == g { if (!n) { for (i = 2; i <= NF; i++)
		if ($i == f) n = i } else print $n }' /proc/net/snmp
}

snmp6() { at "$1" awk -v f="$2" '$1 == f { print $2 }' /proc/net/snmp6; }

# No kernel counted a datagram with a wrong checksum.
no_checksum_errors() {
	local ns

	for ns in $a $r $b; do
		[ "$(snmp "$ns" Udp InCsumErrors)" = 0 ] || { echo "in $ns"; return 1; }
		[ "$(snmp6 "$ns" Udp6InCsumErrors)" = 0 ] || { echo "IPv6 in $ns"; return 1; }
	done
}

is() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
