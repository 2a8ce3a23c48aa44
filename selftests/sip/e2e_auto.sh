#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# relay: auto takes the kernel when it can. When it cannot, for jalurd may not drive
# the module, it takes sockets, says so with the reason, and calls go through.
RELAY=auto
. "$(dirname "$0")/lib.sh"
setup
plan 11

stop_jalurd() {
	kill -TERM "$jalurd_pid"
	wait "$jalurd_pid"
}

without_net_admin() {
	printf '#!/bin/sh\nexec setpriv --bounding-set -net_admin -- %s "$@"\n' "$jalurd" >"$dir/jalurd"
	chmod +x "$dir/jalurd"
	jalurd=$dir/jalurd
	mv "$dir/jalurd.log" "$dir/jalurd.log.1"
}

check "jalurd starts" start_jalurd
check "the kernel serves" serving_relay kernel
check "jalurd has kept the capability for it" capabilities_are 0000000000001000
check "jalurd stops" stop_jalurd
without_net_admin
check "jalurd starts without rights" start_jalurd_again
check "sockets serve" serving_relay userspace
check "and the log says why" log_has "auto takes userspace, since .*CAP_NET_ADMIN"
check "jalurd has kept no capability" capabilities_are 0000000000000000
check "a call is set up" start_call uac uas
check "every packet arrived as it was sent, both ways" eval 'start_audio 50 && audio_complete'
go_on caller
check "caller and callee are through" eval 'sipp_done $caller_pid && sipp_done $callee_pid'
ktap_finished
