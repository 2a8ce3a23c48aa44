#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own netlink client, which knows nothing but the specification.
. "$(dirname "$0")/lib.sh"

cli=$KSFT_DIR/../../net/ynl/cli.py
spec=$TOP/Documentation/netlink/specs/jalur.yaml
[ -f "$cli" ] || skip_all "no YNL in $KSFT_DIR/../.."
python3 -c 'import yaml' 2>/dev/null || skip_all "python3-yaml is not installed"
setup 7

ynl() {
	at "$r" env PYTHONDONTWRITEBYTECODE=1 python3 "$cli" --spec "$spec" --no-schema "$@" 2>&1
}

says() {	# PATTERN... : all of them in what the client printed
	local p

	for p; do
		grep -q "$p" "$dir/ynl" && continue
		echo "no $p in:"
		cat "$dir/ynl"
		return 1
	done
}

int4() { python3 -c "import ipaddress; print(int(ipaddress.ip_address('$1')))"; }

session='{"owner": 1, "id": 16, "force": true, "tag": "ynl", "end": [
  {"id": 1, "local": {"v4": '$(int4 $RA)', "port": 20000}, "remote": {"v4": '$(int4 $A)', "port": 4000},
   "latch": "port", "latch-open": true, "accept": ["rtp", "rtcp"]},
  {"id": 2, "local": {"v4": '$(int4 $RB)', "port": 20002}, "remote": {"v4": '$(int4 $B)', "port": 5000}}],
  "flow": [{"source": 1, "destination": [{"end": 2}]}, {"source": 2, "destination": [{"end": 1}]}]}'

check "info-get" eval 'ynl --do info-get --json "{}" >"$dir/ynl" && says version relay opaque'
check "session-new" eval 'ynl --do session-new --json "$session"'
check "media flows through what it made" talk --count 10
check "session-get" eval 'ynl --do session-get --json "{\"owner\": 1, \"id\": 16}" >"$dir/ynl" &&
	says ynl 20000 "rx-packets.: 10" latched'
check "the same again is refused, in words" eval '
	ynl --do session-new --json "$session" >"$dir/ynl"; says "has a session of this id"'
check "a dump" eval 'ynl --dump session-get --json "{\"owner\": 1}" >"$dir/ynl" && says ynl'
check "session-del" eval 'ynl --do session-del --json "{\"owner\": 1, \"id\": 16, \"force\": true}" >"$dir/ynl" &&
	says "rx-packets.: 10"'
finish
