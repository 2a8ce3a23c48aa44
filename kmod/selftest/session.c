// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a draft to a graph: an end keeps its slot for as long as it lives, a new
 * one never gets a slot that the graph before used, and flows and payload tables
 * end up with the ends that they were drafted for.
 */

#include <linux/init.h>

static bool __init said(bool ok, const char *what)
{
	if (!ok)
		jalur_err("selftest session: not so: %s\n", what);
	return ok;
}

#define holds(cond)	said(cond, #cond)

/* Of ends 1, 2, 3 the first two send to the next; 2 has a table of two lines. */
static void __init test_draft(struct jalur_draft *draft, struct jalur_payload *payload)
{
	int i;

	draft->ends = 3;
	draft->digest = 7;
	draft->payload = payload;
	draft->payloads = 2;
	payload[0].pt = 8;
	payload[1].pt = 101;
	strscpy(draft->tag, "a call", sizeof(draft->tag));
	for (i = 0; i < 3; i++) {
		draft->end[i].id = i + 1;
		draft->end[i].dest = (i + 1) % 3;
		draft->end[i].conf.payload = payload + (i > 1 ? 2 : 0);
		draft->end[i].conf.payloads = i == 1 ? 2 : 0;
	}
	draft->end[2].dest = -1;
}

static bool __init test_first(const struct jalur_draft *draft, struct jalur_end **ends,
			      struct jalur_graph **graph)
{
	DECLARE_BITMAP(fresh, JALUR_MAX_ENDS) = { 7 };
	unsigned int slots = assign_slots(draft, NULL, ends, fresh);

	if (!holds(slots == 3))
		return false;
	*graph = make_graph(draft, ends, slots);
	if (!holds(*graph))
		return false;
	if (!holds((*graph)->digest == 7 && !strcmp((*graph)->tag, "a call")))
		return false;
	if (!holds((*graph)->conf[0].end == ends[0] && (*graph)->conf[0].dest == ends[1]))
		return false;
	if (!holds((*graph)->conf[0].dest_conf == &(*graph)->conf[1]))
		return false;
	if (!holds(!(*graph)->conf[2].dest && !(*graph)->conf[2].dest_conf))
		return false;
	if (!holds((*graph)->conf[1].payloads == 2))
		return false;
	if (!holds((*graph)->conf[1].payload[0].pt == 8 && (*graph)->conf[1].payload[1].pt == 101))
		return false;
	if (!holds(find_conf(*graph, 2) == &(*graph)->conf[1]))
		return false;
	if (!holds(!find_conf(*graph, 4) && !find_conf(NULL, 1)))
		return false;
	return true;
}

/* End 1 goes, a fourth one comes; it stands first in the draft. */
static bool __init test_second(struct jalur_draft *draft, struct jalur_end **living,
			       const struct jalur_graph *old)
{
	struct jalur_end *ends[] = { living[3], living[1], living[2] };
	DECLARE_BITMAP(fresh, JALUR_MAX_ENDS) = { 1 };
	struct jalur_graph *graph;
	unsigned int slots;
	bool ok;

	draft->end[0].id = 4;
	slots = assign_slots(draft, old, ends, fresh);
	if (!holds(living[3]->slot == 3 && living[1]->slot == 1 && living[2]->slot == 2))
		return false;
	if (!holds(slots == 4))
		return false;
	graph = make_graph(draft, ends, slots);
	if (!holds(graph))
		return false;
	ok = !graph->conf[0].end && graph->conf[3].end == living[3] &&
	     graph->conf[3].dest_conf == &graph->conf[1] && !find_conf(graph, 1);
	kvfree(graph);
	if (!holds(ok))
		return false;
	return true;
}

/**
 * jalur_selftest_session - try the way from a draft to a graph
 *
 * Context: process, when the module is loaded.
 * Return: false, with a line in the log, when it does not do what it should.
 */
bool __init jalur_selftest_session(void)
{
	struct jalur_payload payload[2] = {};
	struct jalur_graph *graph = NULL;
	struct jalur_end *ends[4] = {};
	struct jalur_draft *draft;
	bool ok = false;
	int i;

	draft = kzalloc(struct_size(draft, end, 3), GFP_KERNEL);
	if (!draft)
		return false;
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ends[i] = kzalloc(sizeof(*ends[i]), GFP_KERNEL);
		if (!ends[i])
			goto out;
		ends[i]->id = i + 1;
	}
	test_draft(draft, payload);
	ok = test_first(draft, ends, &graph) && test_second(draft, ends, graph);
out:
	kvfree(graph);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		kfree(ends[i]);
	kfree(draft);
	return ok;
}

#undef check
