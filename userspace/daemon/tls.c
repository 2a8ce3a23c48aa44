// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Certificates of the realms: read when the daemon starts and at each reload, all of
 * them or, when one cannot be read, none.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/daemon.h"

static int load_context(struct tls_context **out, const struct config_tls *from, char *why,
			size_t size)
{
	static const enum tls_clients clients[] = {
		[CONFIG_CLIENTS_ANONYMOUS] = TLS_CLIENTS_ANONYMOUS,
		[CONFIG_CLIENTS_ASKED] = TLS_CLIENTS_ASKED,
		[CONFIG_CLIENTS_REQUIRED] = TLS_CLIENTS_REQUIRED,
	};
	struct tls_files *files = calloc(from->ncertificates + 1, sizeof(*files));
	struct tls_conf conf = {
		.certificates = files, .ncertificates = from->ncertificates, .ca = from->ca,
		.clients = clients[from->clients], .present = from->present,
		.any_server = !from->verify,
	};
	size_t i;
	int err;

	if (!files) {
		snprintf(why, size, "no memory");
		return -ENOMEM;
	}
	for (i = 0; i < from->ncertificates; i++)
		files[i] = (struct tls_files){ .certificate = from->certificates[i].certificate,
					       .key = from->certificates[i].key };
	err = tls_context_new(out, &conf, why, size);
	free(files);
	return err;
}

static void free_contexts(struct tls_context **tls, size_t n)
{
	size_t i;

	for (i = 0; tls && i < n; i++)
		tls_context_put(tls[i]);
	free(tls);
}

/* NULL for a realm without the section, in which there are no listeners of TLS. */
static int load_all(struct tls_context ***out, const struct config *c, char *why, size_t size)
{
	size_t i, n = c->policy->nrealms;
	struct tls_context **tls = calloc(n + 1, sizeof(struct tls_context *));
	int err = tls ? 0 : -ENOMEM;

	snprintf(why, size, "no memory");
	for (i = 0; i < n && !err; i++)
		if (c->tls[i].configured)
			err = load_context(&tls[i], &c->tls[i], why, size);
	if (err) {
		free_contexts(tls, n);
		return err;
	}
	*out = tls;
	return 0;
}

int daemon_tls_load(const struct config *config, struct tls_context ***tls)
{
	char why[512];
	int err = load_all(tls, config, why, sizeof(why));

	if (err)
		log_text(LOG_ERROR, "tls: %s", why);
	return err;
}

void daemon_tls_adopt(struct daemon *d, const struct config *config, struct tls_context **tls)
{
	u32 i;

	for (i = 0; i < config->nlisteners; i++)
		if (transport_secure(config->listeners[i].transport))
			streams_set_tls(d->streams, i, tls[config->listeners[i].realm]);
	free_contexts(d->tls, d->ntls);
	d->tls = tls;
	d->ntls = config->policy->nrealms;
}

void daemon_tls_discard(const struct config *config, struct tls_context **tls)
{
	free_contexts(tls, config->policy->nrealms);
}

int daemon_tls_open(struct daemon *d)
{
	d->ntls = d->config->policy->nrealms;
	return daemon_tls_load(d->config, &d->tls);
}

void daemon_tls_close(struct daemon *d)
{
	free_contexts(d->tls, d->ntls);
	d->tls = NULL;
}
