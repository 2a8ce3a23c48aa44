# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the kernel's tree has and no Debian package ships as files: the kselftest
# framework, the netlink generator and its client, checkpatch. Taken once from
# linux-source-6.12 into build/ksft; nothing of it is kept in our tree.

KSRC_TAR	?= /usr/src/linux-source-6.12.tar.xz
KSFT_ROOT	:= build/ksft
KSFT_DIR	?= $(CURDIR)/$(KSFT_ROOT)/tools/testing/selftests

KSFT_FILES	:= tools/testing/selftests/lib.mk \
		   tools/testing/selftests/kselftest.h \
		   tools/testing/selftests/kselftest_harness.h \
		   tools/testing/selftests/run_kselftest.sh \
		   tools/testing/selftests/kselftest/* \
		   tools/testing/selftests/net/lib.sh \
		   tools/net/ynl/* \
		   Documentation/netlink/genetlink-legacy.yaml \
		   scripts/checkpatch.pl scripts/spelling.txt \
		   scripts/const_structs.checkpatch .clang-format

$(KSFT_ROOT)/.done: $(KSRC_TAR)
	@echo "  KSFT    $(KSFT_ROOT)"
	@rm -rf $(KSFT_ROOT) && mkdir -p $(KSFT_ROOT)
	@tar -xf $(KSRC_TAR) -C $(KSFT_ROOT) --strip-components=1 --wildcards \
		 $(foreach f,$(KSFT_FILES),'linux-source-6.12/$(f)')
	@touch $@

$(KSRC_TAR):
	@echo "$@ is missing: apt-get install linux-source-6.12" >&2; false
