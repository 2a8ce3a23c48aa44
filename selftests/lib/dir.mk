# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the Makefile of each directory of kselftests begins with: where the built
# tree and the framework are. Programs are built by the top Makefile.

TOP		:= $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
B		?= build
BUILT		:= $(if $(filter /%,$(B)),$(B),$(TOP)/$(B))
KSFT_DIR	?= $(TOP)/build/ksft/tools/testing/selftests
export KSFT_DIR TOP BUILT
