# SPDX-License-Identifier: GPL-2.0-only
#
# What the measurements beside Kamailio share: the namespaces of the tests, servers in the
# middle one, and what they took of the processor.
. "$(dirname "$0")/../../sip/lib.sh"

bench=$TOP/selftests/bench/sip

# As operators build it, without what a debug build checks.
insmod_plain() {
	local ko=$TOP/build/kmod-$(uname -r)/jalur.ko

	# insmod loads no dependencies.
	modprobe -q -a $(modinfo -F depends "$ko" | tr , ' ') 2>/dev/null
	insmod "$ko"
}

die() { echo "bench: $*" >&2; exit 1; }

# Processes and all below them.
tree_of() {
	local pid

	for pid; do
		echo "$pid"
		# shellcheck disable=SC2046
		tree_of $(pgrep -P "$pid")
	done
}

# Nanoseconds on a processor.
cpu_of() {
	local pid

	for pid in $(tree_of "$@"); do
		cat /proc/"$pid"/task/*/schedstat
	done | awk '{ n += $1 } END { printf "%.0f\n", n }'
}

# Bytes of memory, what is shared counted once.
memory_of() {
	local pid

	for pid in $(tree_of "$@"); do
		cat /proc/"$pid"/smaps_rollup
	done | awk '/^Pss:/ { n += $2 } END { printf "%.0f\n", n * 1024 }'
}

# With the quick one of its memory managers; the default looks for leaks.
start_kamailio() {	# CONFIG [OPTION...]
	local conf=$1

	shift
	sed -e "s/OUTSIDE/$OUTSIDE/; s/INSIDE/$INSIDE/; s/CALLER/$CALLER/; s/CALLEE/$CALLEE/" \
		"$conf" >"$dir/kamailio.cfg"
	(exec ip netns exec "$relay_ns" kamailio "$@" -DD -E -x fm -X fm -m 64 -M 8 -Y "$dir" -P "$dir/kamailio.pid" \
		-f "$dir/kamailio.cfg" >"$dir/server.log" 2>&1) &
	server=$!
	sipp_pids="$sipp_pids $server"
}

stop_server() {
	# shellcheck disable=SC2086
	kill $server
	# shellcheck disable=SC2086
	wait $server 2>/dev/null
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

figure() { awk "BEGIN { printf \"%.$1f\", $2 / 1000 }"; }

# A pair of ports rests for a while after each call.
start_bench() {
	LOG_LEVEL=warning OUTSIDE_PORTS=20000-29999 INSIDE_PORTS=30000-39999
	[ "$RELAY" = userspace ] || insmod_plain || die "no jalur.ko for $(uname -r)"
	setup >/dev/null
}
