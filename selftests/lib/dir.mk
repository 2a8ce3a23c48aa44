# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the Makefile of each directory of kselftests begins with: where the built
# tree and the framework are. Programs are built by the top Makefile.

TOP		:= $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
B		?= build
BUILT		:= $(if $(filter /%,$(B)),$(B),$(TOP)/$(B))
KSFT_DIR	?= $(TOP)/build/ksft/tools/testing/selftests
export KSFT_DIR TOP BUILT

# The framework looks for "settings" below its own folder; ours is beside the
# tests. A debug kernel under emulation is several times slower.
SECONDS_EACH	:= $(or $(shell sed -n 's/^timeout=//p' settings 2>/dev/null),45)
export kselftest_override_timeout ?= $(shell expr $(SECONDS_EACH) \
		\* $(if $(filter debug,$(VM_KERNEL)),5,1))
