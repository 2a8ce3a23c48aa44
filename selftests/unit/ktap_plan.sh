#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A script that makes other checks than it planned fails, in its exit status and in what
# tools/count-ktap makes of it: else one check that fails and is in no plan is never seen.
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$TOP/selftests/lib/ktap.sh"

dir=$(mktemp -d /tmp/jalur-ktap.XXXXXX)
trap 'rm -rf "$dir"' EXIT

# script PLAN RESULT...: its status, and its KTAP as the framework wraps it
script() {
	local plan=$1 status result
	shift

	(
		KTAP_TESTNO=1 KTAP_CNT_PASS=0 KTAP_CNT_FAIL=0 KTAP_CNT_SKIP=0
		ktap_print_header
		ktap_set_plan "$plan"
		for result; do
			"ktap_test_$result" "a check"
		done
		ktap_finished
	) >"$dir/out"
	status=$?
	{
		echo 1..1
		sed 's/^/# /' "$dir/out"
		[ $status = 0 ] && echo "ok 1 script" || echo "not ok 1 script # exit=$status"
	} >"$dir/ktap"
	return $status
}

counts() { [ "$("$TOP/tools/count-ktap" "$dir/ktap")" = "$*" ]; }

check() {
	if "${@:2}"; then
		ktap_test_pass "$1"
	else
		ktap_test_fail "$1"
		sed 's/^/# | /' "$dir/ktap"
	fi
}

fails() { ! script "$@"; }

ktap_print_header
ktap_set_plan 11
check "as planned, it passes" script 3 pass pass skip
check "and is counted so" counts 2 0 1
check "a failure fails it" fails 2 pass fail
check "and is counted once" counts 1 1 0
check "a plan one too low does not make good for a failure" fails 2 pass fail pass
check "which is counted" counts 2 1 0
check "with a plan one too low it fails, though every check passes" fails 1 pass pass
check "and that is a failure more" counts 2 1 0
check "with one too high, too" fails 3 pass pass
check "and that is one, too" counts 2 1 0
printf '%s\n' 1..1 "ok 1 one" "ok 2 another" >"$dir/ktap"
check "a plan of the framework's that is too low is one" counts 2 1 0
ktap_finished
