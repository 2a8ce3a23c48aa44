// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subscriptions, served and carried, and what watchers of a user see.
 */
#include "admin/command.h"
#include "base/json.h"
#include "call/watching.h"

struct listing {
	const struct command_context *ctx;
	const char *aor;		/* NULL: all */
	u64 id;				/* 0: all */
	json_t *list;
};

static json_t *left(const struct command_context *ctx, u64 until)
{
	return json_integer((json_int_t)((until > ctx->now ? until - ctx->now : 0) /
					 NSEC_PER_MSEC));
}

static json_t *subscription_of(const struct command_context *ctx,
			       const struct call_subscription_view *view)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:I, s:b, s:b, s:o}",
			 "id", admin_hex(view->id), "package", json_text(view->package),
			 "resource", json_text(view->resource),
			 "watcher", json_text(view->watcher),
			 "state", view->ended ? view->ended : "active",
			 "expires", admin_time(ctx, view->expires),
			 "expires_in_ms", left(ctx, view->expires),
			 "peer", admin_addr(&view->peer), "call_id", json_text(view->call_id),
			 "notifies", (json_int_t)view->notifies, "waiting", view->waiting,
			 "carried", view->carried, "notifier", admin_addr(&view->notifier));
}

static void add(void *arg, const struct call_subscription_view *view)
{
	struct listing *l = arg;

	if ((!l->aor || !strcmp(l->aor, view->resource) || !strcmp(l->aor, view->watcher)) &&
	    (!l->id || l->id == view->id))
		json_array_append_new(l->list, subscription_of(l->ctx, view));
}

json_t *admin_subscriptions(const struct command_context *ctx, const char *aor)
{
	struct listing l = { .ctx = ctx, .aor = aor, .list = json_array() };

	call_engine_each_subscription(ctx->conf->engine, add, &l);
	return json_pack("{s:o}", "subscriptions", l.list);
}

json_t *admin_subscription(const struct command_context *ctx, u64 id)
{
	struct listing l = { .ctx = ctx, .id = id, .list = json_array() };
	json_t *found;

	call_engine_each_subscription(ctx->conf->engine, add, &l);
	found = id ? json_incref(json_array_get(l.list, 0)) : NULL;
	json_decref(l.list);
	return found;
}

json_t *admin_presence(const struct command_context *ctx, const char *aor)
{
	struct call_presence_view view;
	struct buf document;
	char *text = NULL;
	json_t *result = NULL;

	buf_init(&document);
	if (!call_engine_presence(ctx->conf->engine, ctx->now, aor, &view, &document))
		text = buf_take(&document);
	if (text)
		result = json_pack("{s:o, s:b, s:I, s:I, s:I, s:o}", "aor", json_text(aor),
				   "served", view.served, "contacts", (json_int_t)view.contacts,
				   "publications", (json_int_t)view.publications,
				   "watchers", (json_int_t)view.watchers,
				   "document", json_text(text));
	buf_free(&document);
	free(text);
	return result;
}
