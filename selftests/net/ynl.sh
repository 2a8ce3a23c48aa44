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

# The client as it is, in one process for all commands, which come as lines of
# arguments; under emulation its start takes many seconds, the loader of YAML in
# Python likewise.
serve='
import runpy, shlex, sys, traceback, yaml
if hasattr(yaml, "CSafeLoader"):
    yaml.safe_load = lambda text: yaml.load(text, yaml.CSafeLoader)
cli = sys.argv[1:]
sys.path.insert(0, cli[0].rpartition("/")[0])
for line in open(0, closefd=False):
    sys.argv = cli + shlex.split(line)
    try:
        runpy.run_path(cli[0], run_name="__main__")
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc(file=sys.stdout)
    print(".", flush=True)
'

start_client() {
	mkfifo "$dir/questions" "$dir/answers"
	at "$r" env PYTHONDONTWRITEBYTECODE=1 python3 -c "$serve" "$cli" --spec "$spec" --no-schema \
		<"$dir/questions" >"$dir/answers" 2>&1 &
	pids="$pids $!"
	exec {questions}>"$dir/questions" {answers}<"$dir/answers"
}

ynl() {	# ARGUMENT...: what the client says goes to $dir/ynl
	local line

	printf '%q ' "$@" >&"$questions"
	echo >&"$questions"
	while read -r -t 50 line <&"$answers" && [ "$line" != . ]; do
		echo "$line"
	done >"$dir/ynl"
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

int4() {
	local IFS=.

	set -- $1
	echo $(($1 << 24 | $2 << 16 | $3 << 8 | $4))
}

session='{"owner": 1, "id": 16, "force": true, "tag": "ynl", "end": [
  {"id": 1, "local": {"v4": '$(int4 $RA)', "port": 20000}, "remote": {"v4": '$(int4 $A)', "port": 4000},
   "latch": "port", "latch-open": true, "accept": ["rtp", "rtcp"]},
  {"id": 2, "local": {"v4": '$(int4 $RB)', "port": 20002}, "remote": {"v4": '$(int4 $B)', "port": 5000}}],
  "flow": [{"source": 1, "destination": [{"end": 2}]}, {"source": 2, "destination": [{"end": 1}]}]}'
session=${session//$'\n'/}

start_client
check "info-get" eval 'ynl --do info-get --json "{}" && says version relay opaque'
check "session-new" eval 'ynl --do session-new --json "$session"'
check "media flows through what it made" talk --count 10
check "session-get" eval 'ynl --do session-get --json "{\"owner\": 1, \"id\": 16}" &&
	says ynl 20000 "rx-packets.: 10" latched'
check "the same again is refused, in words" eval '
	ynl --do session-new --json "$session"; says "has a session of this id"'
check "a dump" eval 'ynl --dump session-get --json "{\"owner\": 1}" && says ynl'
check "session-del" eval 'ynl --do session-del --json "{\"owner\": 1, \"id\": 16, \"force\": true}" &&
	says "rx-packets.: 10"'
finish
