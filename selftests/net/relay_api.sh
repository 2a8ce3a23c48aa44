#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The daemon's own client of the module, without the daemon: see relay_api.c.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -x "$BUILT/net/relay_api" ] || skip_all "not built: make net-tests"
load_module
"$BUILT/net/relay_api"
status=$?
await unload_module || { echo "# the module does not unload"; status=1; }
exit $status
