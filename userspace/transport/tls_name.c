// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who a certificate is (RFC 5922 §7.1): the domains of its sip: URIs, those without a
 * user; without any its DNS names; and only without both the common name. Names are
 * compared whole (§7.2): a wildcard in one is no wildcard here.
 */
#include <errno.h>
#include <stdlib.h>

#include "transport/tls_private.h"

/* A NUL inside would make it another name for whoever prints it. */
static struct slice text_of(const ASN1_STRING *s)
{
	struct slice text = slice_of((const char *)ASN1_STRING_get0_data(s),
				     (size_t)ASN1_STRING_length(s));

	return text.n && !memchr(text.p, 0, text.n) ? text : slice_of(NULL, 0);
}

/* sip:example.com, also with a port or parameters, but never with a user. */
static struct slice sip_domain(struct slice uri)
{
	size_t n = 0;

	if (uri.n < 5 || !slice_caseeq(slice_of(uri.p, 4), SLICE("sip:")) ||
	    memchr(uri.p, '@', uri.n))
		return slice_of(NULL, 0);
	uri = slice_of(uri.p + 4, uri.n - 4);
	while (n < uri.n && !strchr(":;?/", uri.p[n]))
		n++;
	return slice_of(uri.p, n);
}

static struct slice name_of(const GENERAL_NAME *san, int type)
{
	if (san->type != type)
		return slice_of(NULL, 0);
	if (type == GEN_URI)
		return sip_domain(text_of(san->d.uniformResourceIdentifier));
	return text_of(san->d.dNSName);
}

static int add_name(struct tls_names *out, struct slice name)
{
	char **names;

	if (!name.n)
		return 0;
	names = realloc(out->names, (out->n + 1) * sizeof(*names));
	if (!names)
		return -ENOMEM;
	out->names = names;
	names[out->n] = slice_dup(name);
	if (!names[out->n])
		return -ENOMEM;
	out->n++;
	return 0;
}

static int add_names(struct tls_names *out, const GENERAL_NAMES *sans, int type)
{
	int i, err = 0;

	for (i = 0; i < sk_GENERAL_NAME_num(sans) && !err; i++)
		err = add_name(out, name_of(sk_GENERAL_NAME_value(sans, i), type));
	return err;
}

static bool has_kind(const GENERAL_NAMES *sans)
{
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(sans); i++) {
		int type = sk_GENERAL_NAME_value(sans, i)->type;

		if (type == GEN_URI || type == GEN_DNS)
			return true;
	}
	return false;
}

/* The last one is the most specific. */
static int add_common_name(struct tls_names *out, const X509 *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = -1, last = -1;

	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		last = at;
	if (last < 0)
		return 0;
	return add_name(out, text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last))));
}

int tls_names_read(const X509 *certificate, struct tls_names *out)
{
	GENERAL_NAMES *sans = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int err;

	*out = (struct tls_names){ 0 };
	err = add_names(out, sans, GEN_URI);
	if (!err && !out->n)
		err = add_names(out, sans, GEN_DNS);
	if (!err && !has_kind(sans))
		err = add_common_name(out, certificate);
	GENERAL_NAMES_free(sans);
	if (err)
		tls_names_free(out);
	return err;
}

void tls_names_free(struct tls_names *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct tls_names){ 0 };
}

static bool is_name(struct slice have, const char *name)
{
	return have.n && slice_caseeq(have, slice_str(name));
}

bool tls_names_have(const struct tls_names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (is_name(slice_str(names->names[i]), name))
			return true;
	return false;
}

/* Of our own certificate: there a wildcard only helps to choose it. */
static bool serves(struct slice have, const char *name)
{
	const char *dot = strchr(name, '.');

	if (have.n > 2 && have.p[0] == '*' && have.p[1] == '.')
		return dot && is_name(slice_of(have.p + 1, have.n - 1), dot);
	return is_name(have, name);
}

bool tls_certificate_serves(const X509 *certificate, const char *name)
{
	GENERAL_NAMES *sans = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool found = false;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(sans) && !found; i++) {
		const GENERAL_NAME *san = sk_GENERAL_NAME_value(sans, i);

		found = serves(name_of(san, GEN_DNS), name) || is_name(name_of(san, GEN_URI), name);
	}
	if (!sans) {
		struct tls_names common;

		found = !tls_names_read(certificate, &common) && tls_names_have(&common, name);
		tls_names_free(&common);
	}
	GENERAL_NAMES_free(sans);
	return found;
}
