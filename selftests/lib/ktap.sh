# SPDX-License-Identifier: GPL-2.0-only
#
# The framework's helpers, and the end of a script as we want it: the helpers compare
# what passed with the plan, so that a plan which is one too low makes good for a check
# that failed.
KSFT_DIR=${KSFT_DIR:-$TOP/build/ksft/tools/testing/selftests}
. "$KSFT_DIR/kselftest/ktap_helpers.sh"

ktap_finished() {
	local seen=$((KTAP_CNT_PASS + KTAP_CNT_FAIL + KTAP_CNT_SKIP))

	[ "$seen" = "$KSFT_NUM_TESTS" ] ||
		echo "# the plan is $KSFT_NUM_TESTS, but $seen checks were made"
	ktap_print_totals
	[ "$KTAP_CNT_FAIL" = 0 ] && [ "$seen" = "$KSFT_NUM_TESTS" ] && exit "$KSFT_PASS"
	exit "$KSFT_FAIL"
}
