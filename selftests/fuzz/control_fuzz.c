// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any line to the control socket gets one answer that can be printed, or begins
 * a stream; never both, never neither.
 */
#include <stdlib.h>

#include "admin/command.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct call_engine *make_engine(void)
{
	struct call_policy *policy = calloc(1, sizeof(*policy));
	struct sip_listener listener = { 0 };
	struct call_engine_conf conf = {
		.sip = { .listeners = &listener, .nlisteners = 1, .software = "fuzz" },
		.node = 1, .policy = policy,
	};

	policy->refs = 1;
	addr_parse(SLICE("192.0.2.1:5060"), &listener.local);
	listener.advertise = listener.local;
	return call_engine_new(&conf);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct control_conf conf;
	struct command_context ctx = { .conf = &conf, .now = NSEC_PER_SEC, .wall = 1 };
	struct command_answer answer;
	char *text;

	if (!conf.engine)
		conf.engine = make_engine();
	admin_run(&ctx, slice_of((const char *)data, size), &answer);
	if (!answer.object == !answer.watch)
		abort();
	text = answer.object ? json_dumps(answer.object, JSON_COMPACT) : NULL;
	if (answer.object && !text)
		abort();
	free(text);
	json_decref(answer.object);
	json_decref(answer.id);
	return 0;
}
