# SPDX-License-Identifier: GPL-2.0-or-later
#
# make                          module for this host's kernel (or 6.12's), daemon, tool
# make modules KERNEL=<release> module for another kernel whose headers are installed
# make check                    every test; make check-debug under the debug kernel
# make check-random             100 000 calls through a bad network, in virtual time
# make check-nomem              calls of which each allocation fails in turn, and at random
# make check-connections        100 000 connections opened and closed
# make check-many               jalurd is killed under 200 calls with media
# make check-transfer           baresip and linphone transfer calls, by the kernel's relay
# make bench                    costs beside peers: bench-packet, bench-parse, bench-registrar,
#                               bench-sip, bench-register, bench-load
# make fuzz                     each fuzz target for FUZZ_SECONDS (600), FUZZ_JOBS (2) at a time
# make help                     the rest
#
# Everything that is made goes to build/.

include tools/ksft.mk
.DEFAULT_GOAL := all

PKGS		:= libmnl libnl-3.0 libnl-genl-3.0 libnl-route-3.0 libuv libcares jansson yaml-0.1 \
		   libssl libcrypto sqlite3 libmicrohttpd libpcre2-8 libxml-2.0
CC		?= gcc
CSTD		:= -std=gnu11 -D_GNU_SOURCE
WARN		:= -Wall -Wextra -Werror
OPT		?= -O2 -g
HARDEN		:= -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
SANFLAGS	:= -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
INCLUDES	:= -Iuserspace -Iinclude -Iinclude/uapi

ifdef SAN
B		:= build/asan
EXTRA		:= $(SANFLAGS)
HARDEN		:= -fPIE
else
B		:= build
EXTRA		:=
endif
CFLAGS		:= $(CSTD) $(WARN) $(OPT) $(HARDEN) $(EXTRA) $(INCLUDES) \
		   $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# Debian ships wslay without a pkg-config file.
LIBS		 = $(shell pkg-config --libs $(PKGS)) -lwslay
LDFLAGS		:= -pie -Wl,-z,relro,-z,now -fno-lto $(EXTRA)

# Layers, from the bottom; a library may use those before it.
FOLDERS		:= base store sip sdp media registrar event transport call config admin daemon
srcs		 = $(sort $(wildcard userspace/$(1)/*.c))
objs		 = $(patsubst userspace/%.c,$(B)/obj/%.o,$(call srcs,$(1)))
ARCHIVES	:= $(foreach f,$(FOLDERS),$(B)/lib/$(f).a)
LINKLIBS	 = -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS)

UNIT		:= $(patsubst selftests/unit/%.c,$(B)/unit/%,$(sort $(wildcard selftests/unit/*_test.c)))
FUZZ		:= $(patsubst selftests/fuzz/%_fuzz.c,build/fuzz/%,$(sort $(wildcard selftests/fuzz/*_fuzz.c)))
NETPROGS	:= $(patsubst selftests/net/%.c,$(B)/net/%,$(sort $(wildcard selftests/net/*.c)))

.PHONY: all userspace tools modules modules-all spec spec-check style check check-debug \
	check-random check-nomem check-connections check-many check-transfer \
	demo bench bench-packet bench-parse bench-registrar bench-sip bench-register bench-load \
	fuzz unit-tests fuzz-targets net-tests clean install help config-doc config-doc-check

all: modules userspace tools

# Commands are shown with V=1, else by one word and the target.
Q		:= $(if $(V),,@)
say		 = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$@')

# --- the module -----------------------------------------------------------------
# Kbuild builds where the sources are, so each kernel has its own copy of them,
# and one build at a time works in it.

HOSTREL		:= $(shell uname -r)
KERNEL		?= $(if $(wildcard /lib/modules/$(HOSTREL)/build/Makefile),$(HOSTREL),$(shell tools/kernels 6.12 >/dev/null && cat $${JALUR_CACHE:-/var/cache/jalur}/kernels/6.12/release))
DEBUG		?=
KMOD_OUT	 = build/kmod-$(KERNEL)$(if $(DEBUG),-debug)
KDIR		?= $(shell tools/kernels --headers $(KERNEL))

modules:
	@test -n "$(KERNEL)" || { echo "no kernel to build for: make modules KERNEL=<release>" >&2; exit 1; }
	@mkdir -p $(KMOD_OUT)
	@flock $(KMOD_OUT)/.lock rsync -a --delete --exclude='*.o' --exclude='.*' --exclude='*.mod*' Kbuild kmod include $(KMOD_OUT)/
	+@flock $(KMOD_OUT)/.lock $(MAKE) -C $(KDIR) M=$(CURDIR)/$(KMOD_OUT) W=1 $(if $(DEBUG),JALUR_DEBUG=y) $(KFLAGS) modules

# For one of Debian's two kernels, from the cache: modules-6.1, modules-6.12.
modules-%:
	@dir=$$(tools/kernels $*) && release=$$(cat $$dir/release) && \
	$(MAKE) --no-print-directory modules KERNEL=$$release \
		KDIR=$$dir/usr/src/linux-headers-$$release

# Both, plain and with the in-module selftests.
modules-all:
	@for k in 6.1 6.12; do \
		$(MAKE) --no-print-directory modules-$$k DEBUG= && \
		$(MAKE) --no-print-directory modules-$$k DEBUG=1 || exit 1; \
	done

# --- userspace ------------------------------------------------------------------
userspace: $(B)/jalurd

tools: $(B)/jalurctl

# Where each message passes; who says how to optimise (make OPT=-O0) is obeyed. The daemon
# is optimised as a whole when it is linked, which takes a while (make LTO= does without);
# tests are linked as they are, by -fno-lto, which must not be there else: it always wins.
ifeq ($(origin OPT)$(SAN),file)
$(foreach f,base sip registrar,$(eval $(B)/obj/$(f)/%.o: HOT := -O3))
LTO		:= -flto=auto -fno-plt
endif

$(B)/obj/%.o: userspace/%.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(HOT) $(if $(LTO),$(LTO) -ffat-lto-objects) -MMD -MP -c -o $@ $<

define archive
$(B)/lib/$(1).a: $$(call objs,$(1))
	$$(call say,AR)
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call archive,$(f))))

$(B)/jalurd: $(B)/obj/main.o $(ARCHIVES)
	$(call say,LINK)
	+$(Q)$(CC) $(if $(LTO),$(filter-out -fno-lto,$(LDFLAGS)) $(LTO) $(OPT),$(LDFLAGS)) -o $@ $< \
		$(LINKLIBS)

CTL_OBJS	:= $(patsubst tools/jalurctl/%.c,$(B)/obj/jalurctl/%.o,$(sort $(wildcard tools/jalurctl/*.c)))

$(B)/obj/jalurctl/%.o: tools/jalurctl/%.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Itools/jalurctl -MMD -MP -c -o $@ $<

$(B)/jalurctl: $(CTL_OBJS) $(B)/lib/base.a
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# --- tests ------------------------------------------------------------------------
$(B)/unit/%: selftests/unit/%.c $(ARCHIVES) | $(KSFT_ROOT)/.done
	$(call say,TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wno-unused-parameter -Iselftests/unit \
		-DSELFTESTS='"$(CURDIR)/selftests"' -isystem $(KSFT_DIR) -MMD -MP -o $@ $< $(LDFLAGS) $(LINKLIBS)

# In these memory may run out (nomem.h).
NOMEM		:= malloc calloc realloc aligned_alloc strdup strndup asprintf __asprintf_chk
$(B)/unit/call_nomem_test $(B)/unit/call_random_test: \
	LDFLAGS += $(foreach f,$(NOMEM),-Wl,--wrap=$(f))

unit-tests: $(UNIT)

# Programs of the network tests: independent of the daemon's libraries but for base and media.
$(B)/net/%: selftests/net/%.c $(ARCHIVES) | $(KSFT_ROOT)/.done
	$(call say,TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -isystem $(KSFT_DIR) -MMD -MP -o $@ $< $(LDFLAGS) $(LINKLIBS)

net-tests: $(NETPROGS)

FUZZ_SRCS	:= $(foreach f,$(FOLDERS),$(call srcs,$(f)))

# clang's fuzzer needs coverage in the code under test, so it is built again.
build/fuzz/obj/%.o: userspace/%.c
	$(call say,FUZZ)
	@mkdir -p $(@D)
	$(Q)clang $(CSTD) $(WARN) -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=all $(INCLUDES) $(shell pkg-config --cflags $(PKGS)) \
		-MMD -MP -c -o $@ $<

build/fuzz/all.a: $(patsubst userspace/%.c,build/fuzz/obj/%.o,$(FUZZ_SRCS))
	$(call say,AR)
	@rm -f $@
	$(Q)ar rcs $@ $^

build/fuzz/%: selftests/fuzz/%_fuzz.c build/fuzz/all.a
	$(call say,FUZZ)
	@mkdir -p $(@D)
	$(Q)clang $(CSTD) $(WARN) -O1 -g -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all $(INCLUDES) -o $@ $< build/fuzz/all.a $(LIBS)

fuzz-targets: $(FUZZ)

# FUZZ_SECONDS of fuzzing for each target; new inputs go to build/, not to the corpus.
FUZZ_SECONDS	?= 600
# Two at a time by default; what a target printed is in build/fuzz/NAME.log.
FUZZ_JOBS	?= 2

# Peers of the interoperability tests that no Debian package has.
build/jssip/.done: selftests/interop/jssip/package.json selftests/interop/jssip/package-lock.json
	$(call say,NPM)
	@mkdir -p $(@D)
	@cp $^ $(@D)/
	$(Q)cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

check-random: unit-tests
	CALLS=100000 $(B)/unit/call_random_test

# Nothing more for so many ms, then one in so many.
check-nomem: unit-tests
	for ms in 0 1 700 5000; do NOMEM=$$ms $(B)/unit/call_nomem_test || exit 1; done
	for n in 3000 300; do NOMEM=$$n CALLS=20000 $(B)/unit/call_random_test || exit 1; done

check-connections: unit-tests
	CONNECTIONS=100000 $(B)/unit/transport_limits_test

check-many: userspace tools net-tests
	@$(MAKE) --no-print-directory modules-6.12 DEBUG=1
	@selftests/vm/run --kernel 6.12 --timeout 900 \
		make -s -C selftests/sip run_tests TEST_PROGS=e2e_many.sh

check-transfer: userspace tools net-tests
	@$(MAKE) --no-print-directory modules-6.12 DEBUG=1
	@selftests/vm/run --kernel 6.12 --timeout 1200 $(CURDIR)/selftests/sip/e2e_transfer.sh
	@selftests/vm/run --kernel 6.12 --timeout 1200 $(CURDIR)/selftests/sip/e2e_transfer_pass.sh

fuzz: fuzz-targets
	@printf '%s\n' $(notdir $(FUZZ)) | xargs -P $(FUZZ_JOBS) -I NAME tools/fuzz NAME $(FUZZ_SECONDS)

check: $(KSFT_ROOT)/.done
	@tools/run-tests

check-debug: $(KSFT_ROOT)/.done
	@tools/run-tests --debug

demo: userspace tools net-tests
	@mkdir -p build
	@$(MAKE) --no-print-directory modules-6.12 >build/demo-build.log 2>&1 || \
		{ cat build/demo-build.log; exit 1; }
	@selftests/vm/run --kernel 6.12 selftests/sip/demo.sh

# Beside peers: instructions a packet, a message, CPU seconds a call. What else they
# need is installed by tools/setup bench.
bench: bench-packet bench-parse bench-registrar bench-sip bench-register bench-load

bench-packet: net-tests
	@selftests/bench/run

bench-parse: build/bench/parse_jalur build/bench/parse_osip
	@selftests/bench/sip/parse

bench-registrar: build/bench/registrar
	@build/bench/registrar
	@selftests/vm/run --kernel 6.12 --icount --memory 1500 $(CURDIR)/$< --instructions

bench-sip: userspace tools net-tests
	@selftests/bench/sip/run measure

bench-register: userspace tools net-tests
	@selftests/bench/sip/run register

bench-load: userspace tools net-tests
	@selftests/bench/sip/load

build/bench/parse_jalur: selftests/bench/sip/parse_jalur.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(LDFLAGS) $(LINKLIBS)

build/bench/registrar: selftests/bench/registrar.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(LDFLAGS) $(LINKLIBS)

build/bench/parse_osip: selftests/bench/sip/parse_osip.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(LDFLAGS) -losipparser2

# --- generated files, style ---------------------------------------------------------
spec: $(KSFT_ROOT)/.done
	@tools/spec

spec-check: $(KSFT_ROOT)/.done
	@tools/spec --check

# Pages that are made of the configuration's schema.
CONFIG_DOC	:= rst:Documentation/configuration.rst man:Documentation/man/jalurd.yaml.5 \
		   json:Documentation/schema/config.json

$(B)/config-doc: tools/config-doc/main.c $(ARCHIVES)
	$(CC) $(CFLAGS) -o $@ $< $(LDFLAGS) $(LINKLIBS)

config-doc: $(B)/config-doc
	@for d in $(CONFIG_DOC); do $(B)/config-doc $${d%%:*} >$${d#*:} || exit 1; done

config-doc-check: $(B)/config-doc
	@for d in $(CONFIG_DOC); do \
		$(B)/config-doc $${d%%:*} | cmp - $${d#*:} || { echo "run make config-doc"; exit 1; }; \
	done

style: $(KSFT_ROOT)/.done
	@tools/style

DESTDIR		?=
PREFIX		?= /usr
install: all
	install -D -m 755 build/jalurd $(DESTDIR)$(PREFIX)/sbin/jalurd
	install -D -m 755 build/jalurctl $(DESTDIR)$(PREFIX)/sbin/jalurctl
	install -D -m 644 $(KMOD_OUT)/jalur.ko $(DESTDIR)/lib/modules/$(KERNEL)/extra/jalur.ko
	install -D -m 644 tools/packaging/systemd/jalurd.service \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/jalurd.service
	for m in Documentation/man/*.[1-8]; do \
		install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$$(basename $$m); \
	done

clean:
	rm -rf build

help:
	@sed -n 's/^# \(make.*\)/\1/p' Makefile
	@echo 'Targets: all modules modules-all userspace tools unit-tests net-tests fuzz-targets'
	@echo '         check check-debug check-random check-nomem check-connections check-many check-transfer demo bench fuzz style spec spec-check config-doc install clean'

-include $(shell find $(B)/obj $(B)/unit $(B)/net build/fuzz/obj -name '*.d' 2>/dev/null)
