// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a description: refused with a line, or printed into something
 * that is a description again, with as many streams. Then as an offer and as
 * its answer, on which the plan must hold together.
 */
#include <stdlib.h>

#include "media/negotiation.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void round_trip(struct slice bytes)
{
	static struct sdp sdp, again;
	struct sdp_rewrite how = { .session = 1, .version = 1 };
	struct sdp_error err;
	char *text, codec[MEDIA_CODEC];
	size_t i;

	if (sdp_parse(bytes, &sdp, &err)) {
		if (!err.text)
			abort();
		return;
	}
	for (i = 0; i < sdp.nmedia; i++) {
		addr_parse_ip(SLICE("192.0.2.1"), &how.media[i].address);
		how.media[i].port = sdp.media[i].port ? 20000 : 0;
		sdp_print_codec(&sdp, &sdp.media[i], codec, sizeof(codec));
		if (!codec[0] && *sdp.media[i].formats.p)
			abort();
	}
	text = sdp_rewrite(&sdp, &how);
	if (!text || sdp_parse(slice_str(text), &again, &err) || again.nmedia != sdp.nmedia)
		abort();
	free(text);
}

static void negotiate(struct slice bytes)
{
	struct media_range range = { .min = 20000, .max = 20127 };
	char pcmu[] = "PCMU", opus[] = "opus", pcma[] = "PCMA/8000";
	char *deny[1] = { pcmu }, *order[2] = { opus, pcma };
	const struct media_codecs codecs[2] = {
		{ .deny = deny, .ndeny = 1 }, { .order = order, .norder = 2 },
	};
	struct media_negotiation_conf conf = {
		.session = 1, .tag = "x", .codecs = { &codecs[0], &codecs[1] },
	};
	struct media_negotiation *n;
	struct media_refusal refusal;
	char *out = NULL, *answer = NULL;
	bool empty;

	addr_parse_ip(SLICE("192.0.2.1"), &range.address);
	range.advertise = range.address;
	conf.ports[0] = media_ports_new(&range, 1, 1);
	conf.ports[1] = media_ports_new(&range, 1, 2);
	n = media_negotiation_new(&conf);
	if (!media_offer(n, 0, MEDIA_LEG_A, bytes, &out, &refusal)) {
		media_plan_put(media_plan_make(n, &empty));
		media_answer(n, 0, false, bytes, &answer, &refusal);
		media_plan_put(media_plan_make(n, &empty));
	}
	media_negotiation_free(n, 0);
	if (media_ports_used(conf.ports[0]) || media_ports_used(conf.ports[1]))
		abort();
	media_ports_free(conf.ports[0]);
	media_ports_free(conf.ports[1]);
	free(out);
	free(answer);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct slice bytes = slice_of((const char *)data, size);

	round_trip(bytes);
	negotiate(bytes);
	return 0;
}
