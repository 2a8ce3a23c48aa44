# SPDX-License-Identifier: GPL-2.0-only
#
# For calls by TCP and TLS, sourced by lib.sh where FROM or TO says so. SIPp speaks TCP, a
# wire carries it on to jalurd, and takes the test's NOTIFY, at SIPp's own port of UDP:
#
#   SIPp :5060 -- :5099 wire ---- jalurd ---- :5061 wire -- :5060 SIPp
#                                             :5063 wire -- :5062 SIPp, trunk desk

. "$here/peers.sh"

wire() {	# ns LISTEN TO [options]
	helper "$1" "$here/wire" "${@:2}" && wait_for listens "$1" "${2##*:}"
}

caller_wire() {
	local tls=

	[ "$FROM" != tls ] || tls="--connect $dir/ca.pem jalur.example"
	wire "$caller_ns" "$CALLER:5099" "$OUTSIDE:5060" --from "$CALLER" --notes "$CALLER:5060" $tls
}

callee_wires() {
	local tls=

	[ "$TO" != tls ] || tls="--accept $dir/callee.example.pem $dir/callee.example.key"
	wire "$callee_ns" "$CALLEE:5061" "$CALLEE:5060" --notes "$CALLEE:5060" $tls &&
		wire "$callee_ns" "$CALLEE:5063" "$CALLEE:5062" $tls
}

start_wires() {
	case $FROM$TO in *tls*)
		certificates jalur.example callee.example &&
			hosts "$relay_ns" "$CALLEE callee.example" || return 1
	esac
	[ "$FROM" = udp ] || caller_wire || return 1
	[ "$TO" = udp ] || callee_wires
}
