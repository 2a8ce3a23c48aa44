// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where calls to a trunk go and how it is looked after: targets, failover, probes,
 * registration, limits.
 */
#include <stdlib.h>

#include "base/timer.h"
#include "config/schema.h"

size_t trunk_targets(const struct value *trunk, const struct value *targets[TRUNK_TARGETS])
{
	const struct value *one = value_get(trunk, "target"), *list = value_get(trunk, "targets");
	size_t i, n = 0;

	if (one && !one->bad)
		targets[n++] = one;
	for (i = 0; list && !list->bad && i < list->n && n < TRUNK_TARGETS; i++) {
		const struct value *uri = value_get(list->children[i], "uri");

		if (uri && !uri->bad)
			targets[n++] = uri;
	}
	return n;
}

bool trunk_has_target(const struct value *trunk)
{
	return value_get(trunk, "target") || value_get(trunk, "targets");
}

/* --- what its values mean together --- */

static void check_targets(struct reader *r, const struct value *trunk)
{
	const struct value *list = value_get(trunk, "targets");
	const struct value *targets[TRUNK_TARGETS];
	size_t i, j, n;

	if (!list || list->bad)
		return;
	if (value_get(trunk, "target"))
		reader_mistake_at(r, list, "\"target\" is given too: one or the other");
	if (!list->n || list->n > CALL_MAX_TARGETS)
		reader_mistake_at(r, list, "expected 1 to %d targets, found %zu", CALL_MAX_TARGETS,
				  list->n);
	n = trunk_targets(trunk, targets);
	for (i = 1; i < n; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(targets[i]->text, targets[j]->text))
				reader_mistake_at(r, targets[i],
						  "found \"%.60s\", which is on line %d already",
						  targets[i]->text, targets[j]->line);
}

static void check_needs_target(struct reader *r, const struct value *trunk)
{
	static const char *const keys[] = { "failover", "probe", "register" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (value_get(trunk, keys[i]) && !trunk_has_target(trunk))
			reader_mistake_at(r, value_get(trunk, keys[i]),
					  "the trunk has no \"target\" for that");
}

/* One is to be shorter than the other. */
static void check_shorter(struct reader *r, const struct value *map, const char *one,
			  const char *other, bool equal)
{
	const struct value *a = value_get(map, one), *b = value_get(map, other);

	if (a && b && !a->bad && !b->bad && (a->number > b->number ||
					     (a->number == b->number && !equal)))
		reader_mistake_at(r, a->given ? a : b, "%s (%s) is not shorter than %s (%s)", one,
				  a->text, other, b->text);
}

static bool is_aor(const char *text, struct sip_uri *uri)
{
	return !strpbrk(text, " <>\"") && sip_uri_parse(slice_str(text), uri) &&
	       (uri->kind == SIP_URI_SIP || uri->kind == SIP_URI_SIPS) && uri->user.n &&
	       !uri->password.n && !uri->params.n && !uri->headers.n && !uri->port;
}

static void check_register(struct reader *r, const struct value *v)
{
	const struct value *aor = value_get(v, "aor");
	struct sip_uri uri;

	if (aor && !aor->bad && !is_aor(aor->text, &uri))
		reader_mistake_at(r, aor,
				  "found \"%.60s\", expected sip:USER@DOMAIN or sips:USER@DOMAIN",
				  aor->text);
	check_shorter(r, v, "retry", "retry-max", true);
}

void trunk_check(struct reader *r, const struct value *trunk)
{
	const struct value *probe = value_get(trunk, "probe");
	const struct value *registering = value_get(trunk, "register");
	const struct value *limits = value_get(trunk, "limits");

	check_targets(r, trunk);
	check_needs_target(r, trunk);
	if (probe && !probe->bad)
		check_shorter(r, probe, "timeout", "interval", false);
	if (registering && !registering->bad)
		check_register(r, registering);
	if (limits && !limits->bad && !limits->n)
		reader_mistake_at(r, limits, "expected \"calls\", \"rate\" or \"duration\"");
}

/* --- and what becomes of them --- */

static u64 number_or(const struct value *map, const char *key, u64 other)
{
	const struct value *v = map ? value_get(map, key) : NULL;

	return v ? v->number : other;
}

static bool build_target(struct call_trunk *trunk, const struct value *uri)
{
	struct call_trunk_target *to = &trunk->targets[trunk->ntargets++];

	to->priority = (u16)number_or(uri->parent, "priority", 0);
	to->weight = (u16)number_or(uri->parent, "weight", 1);
	to->uri = strdup(uri->text);
	return target_build(&to->hop, uri) && to->uri;
}

static bool build_targets(struct call_trunk *trunk, const struct value *v)
{
	const struct value *targets[TRUNK_TARGETS];
	size_t i, n = trunk_targets(v, targets);

	trunk->targets = calloc(n + 1, sizeof(*trunk->targets));
	for (i = 0; trunk->targets && i < n; i++)
		if (!build_target(trunk, targets[i]))
			return false;
	return trunk->targets;
}

static bool build_codes(struct call_codes *codes, const struct value *map)
{
	const struct value *list = map ? value_get(map, "codes") : NULL;
	size_t i;

	if (!list || !list->n)
		return true;
	codes->list = calloc(list->n, sizeof(*codes->list));
	for (i = 0; codes->list && i < list->n; i++)
		codes->list[codes->n++] = (u16)list->children[i]->number;
	return codes->list;
}

static bool build_register(struct call_registering *to, const struct value *v)
{
	const struct value *contact = value_get(v, "contact");
	const char *aor = value_get(v, "aor")->text;
	struct sip_uri uri;

	sip_uri_parse(slice_str(aor), &uri);
	to->aor = strdup(aor);
	to->contact = contact ? strdup(contact->text) : slice_dup(uri.user);
	to->expires = (u32)(number_or(v, "expires", 0) / NSEC_PER_SEC);
	to->retry = number_or(v, "retry", 0);
	to->retry_max = number_or(v, "retry-max", 0);
	return to->aor && to->contact;
}

bool trunk_build(struct call_trunk *trunk, const struct value *v)
{
	const struct value *failover = value_get(v, "failover"), *probe = value_get(v, "probe");
	const struct value *registering = value_get(v, "register");
	const struct value *limits = value_get(v, "limits");

	trunk->silence = number_or(failover, "timeout", 0);
	trunk->probing.interval = number_or(probe, "interval", 0);
	trunk->probing.timeout = number_or(probe, "timeout", 0);
	trunk->probing.down_after = (u32)number_or(probe, "down-after", 0);
	trunk->probing.up_after = (u32)number_or(probe, "up-after", 0);
	trunk->max_calls = (u32)number_or(limits, "calls", 0);
	trunk->max_rate = (u32)number_or(limits, "rate", 0);
	trunk->max_duration = number_or(limits, "duration", 0);
	return build_targets(trunk, v) && build_codes(&trunk->failover, failover) &&
	       build_codes(&trunk->probing.codes, probe) &&
	       (!registering || build_register(&trunk->registering, registering));
}
