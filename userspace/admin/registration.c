// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registrations: who is where, and until when.
 */
#include "admin/command.h"
#include "base/json.h"
#include "call/registration.h"

struct listing {
	const struct command_context *ctx;
	struct slice domain;		/* p NULL: all */
	json_t *list;
};

static json_t *text_of(struct slice text)
{
	char *copy = slice_dup(text);
	json_t *value = json_text(copy ? copy : "");

	free(copy);
	return value;
}

static json_t *contact_of(const struct command_context *ctx,
			  const struct registrar_contact *contact)
{
	u64 left = contact->expires > ctx->now ? contact->expires - ctx->now : 0;

	return json_pack("{s:o, s:o, s:f, s:o, s:I, s:o, s:o, s:b, s:o, s:o, s:I}",
			 "aor", json_text(contact->aor), "contact", text_of(contact->uri),
			 "q", contact->q / 1000.0,
			 "expires", admin_time(ctx, contact->expires),
			 "expires_in_ms", (json_int_t)(left / NSEC_PER_MSEC),
			 "source", admin_addr(&contact->flow.peer),
			 "connection", contact->flow.connection ?
				       admin_hex(contact->flow.connection) : json_null(),
			 "nat", contact->nat, "path", text_of(contact->path),
			 "user_agent", text_of(contact->agent), "cseq", (json_int_t)contact->cseq);
}

static void add(void *arg, const struct registrar_contact *contact)
{
	struct listing *l = arg;
	const char *domain = strrchr(contact->aor, '@') + 1;

	if (!l->domain.p || slice_caseeq(l->domain, slice_str(domain)))
		json_array_append_new(l->list, contact_of(l->ctx, contact));
}

json_t *admin_registrations(const struct command_context *ctx, struct slice domain)
{
	struct listing l = { .ctx = ctx, .domain = domain, .list = json_array() };

	registrar_each(call_engine_registrar(ctx->conf->engine), ctx->now, add, &l);
	return json_pack("{s:o}", "registrations", l.list);
}

json_t *admin_registration(const struct command_context *ctx, const char *aor)
{
	struct registrar_contact found[REGISTRAR_CONTACTS];
	size_t i, n = registrar_lookup(call_engine_registrar(ctx->conf->engine), ctx->now, aor,
				       found);
	json_t *list;

	if (!n)
		return NULL;
	list = json_array();
	for (i = 0; i < n; i++)
		json_array_append_new(list, contact_of(ctx, &found[i]));
	return json_pack("{s:o}", "registrations", list);
}
