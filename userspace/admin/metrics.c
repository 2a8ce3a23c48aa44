// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One function for each subject, each with its families; who adds a subject adds a function
 * and its line at the end. Counters of the engine and the transports that have no family of
 * their own are events by name, the names being those of jalurctl info.
 */
#include <stdio.h>

#include "admin/command.h"
#include "admin/metrics.h"
#include "admin/prometheus.h"
#include "call/policy.h"
#include "call/registration.h"
#include "call/trunk.h"

struct source {
	struct prom *p;
	u64 now;
	const struct control_conf *conf;
	const struct control_media *media;
};

/* --- counters by name --- */

enum family { FAMILY_EVENTS, FAMILY_OUTCOMES, FAMILY_REGISTERS, FAMILY_TRANSFERS,
	FAMILY_EXCHANGES, FAMILY_REFUSED, FAMILY_DROPPED, FAMILY_NOW, FAMILIES };

static const struct {
	const char *name, *type, *label, *help;
} families[FAMILIES] = {
	[FAMILY_OUTCOMES] = { "jalur_calls_total", "counter", "outcome",
		"Calls that began, and how they went on." },
	[FAMILY_REGISTERS] = { "jalur_registers_total", "counter", "outcome",
		"REGISTERs of subscribers, challenges and overload apart." },
	[FAMILY_TRANSFERS] = { "jalur_transfers_total", "counter", "outcome",
		"Transfers that Jalur was to carry out, or passed on (REFER)." },
	[FAMILY_EXCHANGES] = { "jalur_exchanges_total", "counter", "outcome",
		"Requests outside of calls that were sent on (MESSAGE, PUBLISH, SUBSCRIBE)." },
	[FAMILY_REFUSED] = { "jalur_requests_refused_total", "counter", "reason",
		"Requests that were refused, overload apart." },
	[FAMILY_DROPPED] = { "jalur_messages_dropped_total", "counter", "reason",
		"SIP messages that were not answered." },
	[FAMILY_NOW] = { "jalur_objects", "gauge", "kind", "What there is now." },
	[FAMILY_EVENTS] = { "jalur_events_total", "counter", "event",
		"What else happened, by the counters of jalurctl info." },
};

/* Not here: an event. */
static const struct {
	const char *counter;
	enum family family;
	const char *value;
} placed[] = {
	{ "calls", FAMILY_OUTCOMES, "started" },
	{ "calls-answered", FAMILY_OUTCOMES, "answered" },
	{ "calls-failed", FAMILY_OUTCOMES, "failed" },
	{ "calls-cancelled", FAMILY_OUTCOMES, "cancelled" },
	{ "registrations", FAMILY_REGISTERS, "accepted" },
	{ "registrations-refused", FAMILY_REGISTERS, "refused" },
	{ "transfers", FAMILY_TRANSFERS, "started" },
	{ "transfers-failed", FAMILY_TRANSFERS, "failed" },
	{ "transfers-refused", FAMILY_TRANSFERS, "refused" },
	{ "transfers-passed", FAMILY_TRANSFERS, "passed" },
	{ "exchanges", FAMILY_EXCHANGES, "started" },
	{ "exchanges-failed", FAMILY_EXCHANGES, "failed" },
	{ "refused-exchange-limit", FAMILY_REFUSED, "exchange-limit" },
	{ "refused-source", FAMILY_REFUSED, "source" },
	{ "refused-route", FAMILY_REFUSED, "route" },
	{ "refused-media", FAMILY_REFUSED, "media" },
	{ "refused-other", FAMILY_REFUSED, "other" },
	{ "refused-draining", FAMILY_REFUSED, "draining" },
	{ "sip-rate-503", FAMILY_REFUSED, "rate" },
	{ "sip-overload-503", FAMILY_REFUSED, "no-room" },
	{ "sip-malformed-answered", FAMILY_REFUSED, "malformed" },
	{ "sip-too-large", FAMILY_REFUSED, "too-large" },
	{ "sip-foreign-source-403", FAMILY_REFUSED, "foreign-source" },
	{ "sip-unknown-dialog-481", FAMILY_REFUSED, "unknown-dialog" },
	{ "sip-stray-cancels-481", FAMILY_REFUSED, "stray-cancel" },
	{ "sip-stray-pracks-481", FAMILY_REFUSED, "stray-prack" },
	{ "sip-merged-482", FAMILY_REFUSED, "merged" },
	{ "sip-loops-482", FAMILY_REFUSED, "loop" },
	{ "sip-out-of-order-500", FAMILY_REFUSED, "out-of-order" },
	{ "sip-refused", FAMILY_REFUSED, "unsupported" },
	{ "sip-malformed-dropped", FAMILY_DROPPED, "malformed" },
	{ "sip-rate-dropped", FAMILY_DROPPED, "rate" },
	{ "sip-strangers-unanswered", FAMILY_DROPPED, "stranger" },
	{ "sip-stray-responses-dropped", FAMILY_DROPPED, "stray-response" },
	{ "sip-stray-acks-dropped", FAMILY_DROPPED, "stray-ack" },
	{ "sip-reliable-again-dropped", FAMILY_DROPPED, "reliable-again" },
	{ "sip-forks-dropped", FAMILY_DROPPED, "fork" },
	{ "calls-now", FAMILY_NOW, "calls" },
	{ "bindings-now", FAMILY_NOW, "bindings" },
	{ "exchanges-now", FAMILY_NOW, "exchanges" },
	{ "subscriptions-now", FAMILY_NOW, "subscriptions" },
	{ "carried-subscriptions-now", FAMILY_NOW, "subscriptions-carried" },
	{ "publications-now", FAMILY_NOW, "publications" },
	{ "presence-now", FAMILY_NOW, "subscriptions-presence" },
	{ "reg-now", FAMILY_NOW, "subscriptions-reg" },
	{ "dialog-now", FAMILY_NOW, "subscriptions-dialog" },
	{ "sip-server-transactions", FAMILY_NOW, "server-transactions" },
	{ "sip-client-transactions", FAMILY_NOW, "client-transactions" },
	{ "sip-dialogs", FAMILY_NOW, "dialogs" },
	{ "connections-connections", FAMILY_NOW, "connections" },
	{ "connections-handshakes", FAMILY_NOW, "handshakes" },
	{ "dns-cached", FAMILY_NOW, "dns-answers" },
	{ "dns-in-flight", FAMILY_NOW, "dns-queries" },
};

struct printing {
	struct prom *p;
	enum family family;
};

static void print_counter(void *arg, const char *name, u64 value)
{
	const struct printing *print = arg;
	enum family family = FAMILY_EVENTS;
	const char *text = name;
	size_t i;

	for (i = 0; i < sizeof(placed) / sizeof(*placed); i++) {
		if (strcmp(placed[i].counter, name))
			continue;
		family = placed[i].family;
		text = placed[i].value;
	}
	if (family == print->family)
		prom_sample(print->p, PROM_LABELS({ families[family].label, text }), value);
}

static void write_counters(const struct source *s)
{
	const struct control_conf *conf = s->conf;
	struct printing print = { .p = s->p };
	const struct sip_counter *c;

	for (print.family = 0; print.family < FAMILIES; print.family++) {
		prom_family(s->p, families[print.family].name, families[print.family].type,
			    families[print.family].help);
		for (c = call_engine_counters(conf->engine); c->name; c++)
			print_counter(&print, c->name, c->value);
		if (conf->transports)
			conf->transports->counters(conf->arg, print_counter, &print);
	}
}

/* --- messages --- */

static const char *method_text(enum sip_method method)
{
	return method == SIP_METHOD_OTHER ? "other" : sip_method_name(method);
}

static void print_message(struct prom *p, const struct sip_tally_entry *entry)
{
	char code[8];

	snprintf(code, sizeof(code), "%u", entry->status);
	prom_sample(p, PROM_LABELS({ "direction", entry->direction == SIP_IN ? "in" : "out" },
				   { "method", method_text(entry->method) },
				   { entry->status ? "code" : NULL, code }), entry->n);
}

static void print_request(void *arg, const struct sip_tally_entry *entry)
{
	if (!entry->status)
		print_message(arg, entry);
}

static void print_response(void *arg, const struct sip_tally_entry *entry)
{
	if (entry->status)
		print_message(arg, entry);
}

static void write_messages(const struct source *s)
{
	const struct sip_tally *tally = call_engine_tally(s->conf->engine);

	prom_family(s->p, "jalur_sip_requests_total", "counter",
		    "SIP requests, retransmissions apart.");
	sip_tally_each(tally, print_request, s->p);
	prom_family(s->p, "jalur_sip_responses_total", "counter",
		    "SIP responses by the method of their request, retransmissions apart.");
	sip_tally_each(tally, print_response, s->p);
}

/* --- setup time --- */

static void write_histogram(struct prom *p, const char *until, const struct call_histogram *h)
{
	u64 below = 0;
	char le[16];
	size_t i;

	for (i = 0; i <= CALL_HISTOGRAM_CLASSES; i++) {
		below += h->classes[i];
		if (i == CALL_HISTOGRAM_CLASSES)
			snprintf(le, sizeof(le), "+Inf");
		else
			snprintf(le, sizeof(le), "%u.%03u", call_histogram_ms[i] / 1000,
				 call_histogram_ms[i] % 1000);
		prom_suffixed(p, "_bucket", PROM_LABELS({ "until", until }, { "le", le }), below);
	}
	prom_seconds(p, "_sum", PROM_LABELS({ "until", until }), h->sum);
	prom_suffixed(p, "_count", PROM_LABELS({ "until", until }), h->n);
}

static void write_setup(const struct source *s)
{
	prom_family(s->p, "jalur_call_setup_seconds", "histogram",
		    "From the INVITE to the first ringing, and to the answer.");
	write_histogram(s->p, "ringing", call_engine_setup(s->conf->engine, false));
	write_histogram(s->p, "answer", call_engine_setup(s->conf->engine, true));
}

/* --- overload and drain --- */

static void write_load(const struct source *s)
{
	struct call_overload_view view;
	struct call_drain_view drain;
	size_t i;

	call_engine_overload(s->conf->engine, s->now, &view);
	call_engine_drained(s->conf->engine, &drain);
	prom_family(s->p, "jalur_overload_level", "gauge", "0: none, 1: light, 2: heavy.");
	for (i = 0; i < CALL_OVERLOAD_CAUSES; i++)
		prom_sample(s->p, PROM_LABELS({ "cause", call_overload_name(i) }),
			    view.causes[i]);
	prom_family(s->p, "jalur_overload_refused_total", "counter",
		    "What was refused for overload.");
	for (i = 0; i < CALL_OVERLOAD_CAUSES; i++)
		prom_sample(s->p, PROM_LABELS({ "cause", call_overload_name(i) }),
			    view.refused[i]);
	prom_one(s->p, "jalur_draining", "gauge", "1: no new calls are taken.",
		 drain.draining || drain.stopping);
}

/* --- media --- */

void admin_metrics_add(struct control_media *sum, const struct media_figures *figures)
{
	size_t i, j;

	sum->sessions++;
	for (i = 0; i < figures->nends; i++) {
		const struct media_end_figures *end = &figures->ends[i];

		sum->rx_packets += end->rx_packets;
		sum->rx_bytes += end->rx_bytes;
		sum->tx_packets += end->tx_packets;
		sum->tx_bytes += end->tx_bytes;
		sum->lost += end->lost;
		for (j = 0; j < MEDIA_DROPS; j++)
			sum->drops[j] += end->drops[j];
	}
}

static void print_ports(void *arg, const struct call_ports_view *view)
{
	prom_sample(arg, PROM_LABELS({ "realm", view->realm }, { "state", "used" }), view->used);
	prom_sample(arg, PROM_LABELS({ "realm", view->realm }, { "state", "free" }), view->free);
}

static void write_ports(const struct source *s)
{
	prom_family(s->p, "jalur_media_port_pairs", "gauge",
		    "Pairs of media ports; those that rest are neither used nor free.");
	call_engine_ports(s->conf->engine, s->now, print_ports, s->p);
}

static void write_media(const struct source *s)
{
	const struct control_media *m = s->media;
	u32 i;

	prom_family(s->p, "jalur_media_sessions", "gauge",
		    "Sessions in the relay: of calls, and of calls of an earlier daemon.");
	prom_sample(s->p, PROM_LABELS({ "of", "calls" }), call_engine_sessions(s->conf->engine));
	prom_sample(s->p, PROM_LABELS({ "of", "earlier" }), m->adopted);
	prom_one(s->p, "jalur_media_sessions_ended_total", "counter",
		 "Sessions that are over, of which the following figures are.", m->sessions);
	prom_family(s->p, "jalur_media_packets_total", "counter",
		    "Packets of sessions that are over.");
	prom_sample(s->p, PROM_LABELS({ "direction", "in" }), m->rx_packets);
	prom_sample(s->p, PROM_LABELS({ "direction", "out" }), m->tx_packets);
	prom_family(s->p, "jalur_media_bytes_total", "counter", "Their bytes.");
	prom_sample(s->p, PROM_LABELS({ "direction", "in" }), m->rx_bytes);
	prom_sample(s->p, PROM_LABELS({ "direction", "out" }), m->tx_bytes);
	prom_one(s->p, "jalur_media_lost_packets_total", "counter",
		 "Gaps in the sequence numbers that were received.", m->lost);
	prom_family(s->p, "jalur_media_dropped_packets_total", "counter",
		    "Packets that were refused or could not be sent.");
	for (i = 0; i < MEDIA_DROPS; i++)
		prom_sample(s->p, PROM_LABELS({ "reason", media_drop_name(i) }), m->drops[i]);
}

/* --- who is where --- */

static void write_bindings(const struct source *s)
{
	const struct registrar *r = call_engine_registrar(s->conf->engine);
	const struct call_policy *policy = call_engine_policy(s->conf->engine);
	size_t i;

	prom_family(s->p, "jalur_bindings", "gauge", "Contacts that are registered in a domain.");
	for (i = 0; i < policy->ndomains; i++) {
		const char *name = policy->domains[i].name;

		prom_sample(s->p, PROM_LABELS({ "domain", name }), registrar_count_of(r, name));
	}
}

/* --- trunks --- */

static void print_state(void *arg, const struct call_trunk_view *view)
{
	enum call_trunk_condition c;

	for (c = CALL_TRUNK_UNKNOWN; c <= CALL_TRUNK_DRAINED; c++)
		prom_sample(arg, PROM_LABELS({ "trunk", view->name },
					     { "state", admin_trunk_state(c) }),
			    view->condition == c);
}

static void print_calls(void *arg, const struct call_trunk_view *view)
{
	prom_sample(arg, PROM_LABELS({ "trunk", view->name }), view->calls);
}

static void print_refused(void *arg, const struct call_trunk_view *view)
{
	prom_sample(arg, PROM_LABELS({ "trunk", view->name }), view->refused);
}

static void print_registered(void *arg, const struct call_trunk_view *view)
{
	if (view->registers)
		prom_sample(arg, PROM_LABELS({ "trunk", view->name }),
			    view->upstream.state == CALL_REGISTRATION_DONE);
}

struct printing_ways {
	const struct source *s;
	const char *trunk;
	bool rtt;
};

static void print_way(void *arg, const struct call_way_view *view)
{
	const struct printing_ways *print = arg;
	char addr[ADDR_STRLEN];
	const struct prom_label labels[] = {
		{ "trunk", print->trunk }, { "target", view->target },
		{ "transport", transport_name(view->transport) },
		{ "address", addr_print(&view->addr, addr) },
		{ view->name && *view->name ? "name" : NULL, view->name },
		{ NULL, NULL },
	};

	if (!print->rtt && view->state != CALL_WAY_UNKNOWN)
		prom_sample(print->s->p, labels, view->state == CALL_WAY_UP);
	if (print->rtt && view->status && view->status != 408)
		prom_seconds(print->s->p, "", labels, view->rtt);
}

static void print_ways(void *arg, const struct call_trunk_view *view)
{
	struct printing_ways print = *(const struct printing_ways *)arg;

	print.trunk = view->name;
	call_engine_ways(print.s->conf->engine, print.s->now, view->name, print_way, &print);
}

static void write_trunks(const struct source *s)
{
	struct printing_ways ways = { .s = s };
	struct call_engine *e = s->conf->engine;

	prom_family(s->p, "jalur_trunk_state", "gauge", "1: how the trunk is; 0: how it is not.");
	call_engine_trunks(e, print_state, s->p);
	prom_family(s->p, "jalur_trunk_calls", "gauge", "Calls from and to it.");
	call_engine_trunks(e, print_calls, s->p);
	prom_family(s->p, "jalur_trunk_calls_refused_total", "counter", "Calls beyond its limits.");
	call_engine_trunks(e, print_refused, s->p);
	prom_family(s->p, "jalur_trunk_registered", "gauge", "1: it has us registered.");
	call_engine_trunks(e, print_registered, s->p);
	prom_family(s->p, "jalur_trunk_address_up", "gauge", "1: its probes are answered.");
	call_engine_trunks(e, print_ways, &ways);
	ways.rtt = true;
	prom_family(s->p, "jalur_trunk_probe_seconds", "gauge",
		    "How long the last probe took to be answered.");
	call_engine_trunks(e, print_ways, &ways);
}

/* --- what is written down --- */

static void write_store(const struct source *s)
{
	struct control_store store;

	if (!s->conf->store || !s->conf->store(s->conf->arg, &store))
		return;
	prom_family(s->p, "jalur_store_changes_total", "counter",
		    "Changes in the store's file, and those that were lost.");
	prom_sample(s->p, PROM_LABELS({ "result", "written" }), store.written);
	prom_sample(s->p, PROM_LABELS({ "result", "lost" }), store.lost);
	prom_one(s->p, "jalur_store_waiting", "gauge", "Changes that wait for the disk.",
		 store.waiting);
	prom_one(s->p, "jalur_store_failures_total", "counter", "Failures of the disk.",
		 store.failures);
}

static void write_records(const struct source *s)
{
	struct control_records r;

	if (!s->conf->records || !s->conf->records(s->conf->arg, &r))
		return;
	prom_family(s->p, "jalur_call_records_total", "counter", "Call records.");
	prom_sample(s->p, PROM_LABELS({ "result", "written" }), r.written);
	prom_sample(s->p, PROM_LABELS({ "result", "lost" }), r.lost);
	prom_sample(s->p, PROM_LABELS({ "result", "failed" }), r.failed);
}

/* No version: who may look here need not be who may know it. */
static void write_info(const struct source *s)
{
	char node[16];

	snprintf(node, sizeof(node), "%u", s->conf->node);
	prom_family(s->p, "jalur_info", "gauge", "Always 1.");
	prom_sample(s->p, PROM_LABELS({ "node", node }, { "relay", s->conf->relay ?
				      media_relay_name(s->conf->relay) : "none" }), 1);
}

void admin_metrics(struct buf *b, u64 now, const struct control_conf *conf,
		   const struct control_media *media)
{
	struct prom p = { .out = b };
	struct source s = { .p = &p, .now = now, .conf = conf, .media = media };

	write_info(&s);
	write_counters(&s);
	write_messages(&s);
	write_setup(&s);
	write_load(&s);
	write_ports(&s);
	if (media)
		write_media(&s);
	write_store(&s);
	write_records(&s);
	write_bindings(&s);
	write_trunks(&s);
}
