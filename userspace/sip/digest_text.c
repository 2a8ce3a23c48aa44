// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of challenges and credentials: one table for each says which
 * parameters there are, where they go and whether they are quoted. Values are
 * taken quoted or not whatever the table says, because senders differ; what we
 * write follows it. A control character makes a value malformed, so that what
 * is echoed never ends a line.
 */
#include <errno.h>

#include "sip/chars.h"
#include "sip/digest.h"

struct param {
	const char *name;
	size_t at;		/* of its slice */
	bool quoted;
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

#define AT(member) offsetof(struct sip_challenge, member)
static const struct param challenge_params[] = {
	{ "realm", AT(realm), true },
	{ "domain", AT(domain), true },
	{ "nonce", AT(nonce), true },
	{ "opaque", AT(opaque), true },
	{ "stale", AT(stale), false },
	{ "algorithm", AT(algorithm), false },
	{ "qop", AT(qop), true },
};
#undef AT

#define AT(member) offsetof(struct sip_credentials, member)
static const struct param credentials_params[] = {
	{ "username", AT(username), true },
	{ "realm", AT(realm), true },
	{ "nonce", AT(nonce), true },
	{ "uri", AT(uri), true },
	{ "response", AT(response), true },
	{ "algorithm", AT(algorithm), false },
	{ "cnonce", AT(cnonce), true },
	{ "opaque", AT(opaque), true },
	{ "qop", AT(qop), false },
	{ "nc", AT(nc), false },
};
#undef AT

#define AT(member) offsetof(struct sip_auth_info, member)
static const struct param info_params[] = {
	{ "nextnonce", AT(nextnonce), true },
	{ "qop", AT(qop), false },
	{ "rspauth", AT(rspauth), true },
	{ "cnonce", AT(cnonce), true },
	{ "nc", AT(nc), false },
};
#undef AT

/* --- reading --- */

/* LWS and commas. true: there was a comma. */
static bool skip_commas(struct sip_cursor *c)
{
	bool comma = false;

	for (sip_skip_lws(c); sip_take_char(c, ','); sip_skip_lws(c))
		comma = true;
	return comma;
}

/* "name =" follows, and not the scheme of another challenge. */
static bool at_param(const struct sip_cursor *c)
{
	struct sip_cursor ahead = *c;

	if (!sip_take(&ahead, SIP_CHAR_TOKEN).n)
		return false;
	sip_skip_lws(&ahead);
	return sip_take_char(&ahead, '=');
}

static bool is_control(char c)
{
	return ((u8)c < ' ' && c != '\t') || (u8)c == 0x7f;
}

static bool take_quoted(struct sip_cursor *c, struct slice *value)
{
	const char *from = c->p + 1;
	size_t i;

	if (!sip_skip_quoted(c))
		return false;
	*value = slice_of(from, (size_t)(c->p - from) - 1);
	for (i = 0; i < value->n; i++)
		if (is_control(value->p[i]))
			return false;
	return true;
}

/* Not only tokens: a URI without its quotes is one value, too. */
static bool take_bare(struct sip_cursor *c, struct slice *value)
{
	const char *from = c->p;

	while (c->p < c->end && *c->p != ',' && !sip_char_is(*c->p, SIP_CHAR_LWS)) {
		if (*c->p == '"' || *c->p == '\\' || is_control(*c->p))
			return false;
		c->p++;
	}
	*value = slice_of(from, (size_t)(c->p - from));
	return value->n > 0;
}

static const struct param *find_param(const struct param *table, size_t n, struct slice name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (slice_caseeq(name, slice_str(table[i].name)))
			return &table[i];
	return NULL;
}

static struct slice *slot(const void *object, const struct param *param)
{
	return (struct slice *)((char *)object + param->at);
}

static bool take_param(struct sip_cursor *c, const struct param *table, size_t n, void *out)
{
	const struct param *param = find_param(table, n, sip_take(c, SIP_CHAR_TOKEN));
	struct slice value;

	sip_skip_lws(c);
	sip_take_char(c, '=');
	sip_skip_lws(c);
	if (c->p == c->end || !(*c->p == '"' ? take_quoted(c, &value) : take_bare(c, &value)))
		return false;
	if (!param)
		return true;
	if (slot(out, param)->p || (!param->quoted && !sip_all(value, SIP_CHAR_TOKEN)))
		return false;
	*slot(out, param) = value;
	return true;
}

/* Up to the end, or to the scheme of another challenge. */
static bool take_params(struct sip_cursor *c, const struct param *table, size_t n, void *out)
{
	bool separated = true;

	for (;;) {
		separated |= skip_commas(c);
		if (c->p == c->end)
			return true;
		if (!separated)
			return false;
		if (!at_param(c))
			return true;
		if (!take_param(c, table, n, out))
			return false;
		separated = false;
	}
}

/* A challenge of another scheme, parameters or not, to the next that is none of its own. */
static void skip_challenge(struct sip_cursor *c)
{
	while (c->p < c->end) {
		if (*c->p == '"') {
			if (!sip_skip_quoted(c))
				c->p = c->end;
			continue;
		}
		if (*c->p != ',') {
			c->p++;
			continue;
		}
		skip_commas(c);
		if (!at_param(c))
			return;
	}
}

static bool take_scheme(struct sip_cursor *c, struct slice *scheme)
{
	*scheme = sip_take(c, SIP_CHAR_TOKEN);
	return scheme->n && (c->p == c->end || *c->p == ',' || sip_char_is(*c->p, SIP_CHAR_LWS));
}

static void read_algorithm(struct slice name, enum sip_digest_alg *alg, bool *sess)
{
	unsigned int i;

	*alg = name.p ? SIP_DIGEST_UNKNOWN : SIP_DIGEST_MD5;
	*sess = name.n > 5 && slice_caseeq(slice_of(name.p + name.n - 5, 5), SLICE("-sess"));
	if (*sess)
		name.n -= 5;
	for (i = SIP_DIGEST_MD5; i < SIP_DIGEST_ALGS; i++)
		if (slice_caseeq(name, slice_str(sip_digest_name(i))))
			*alg = i;
}

static u8 read_qop(struct slice name)
{
	return slice_caseeq(name, SLICE("auth")) ? SIP_QOP_AUTH :
	       slice_caseeq(name, SLICE("auth-int")) ? SIP_QOP_AUTH_INT : 0;
}

static u8 read_qops(struct slice list)
{
	struct sip_cursor c = sip_cursor_of(list);
	u8 bits = 0;

	while (c.p < c.end) {
		bits |= read_qop(sip_take(&c, SIP_CHAR_TOKEN));
		if (!skip_commas(&c))
			break;
	}
	return bits;
}

static bool read_count(struct slice text, u32 *count)
{
	size_t i;

	*count = 0;
	for (i = 0; i < text.n; i++) {
		u8 letter = (u8)text.p[i];

		if (!sip_char_is(text.p[i], SIP_CHAR_HEX))
			return false;
		*count = *count << 4 | (letter <= '9' ? letter - '0' : (letter & 0x0f) + 9);
	}
	return text.n == 8;
}

int sip_challenge_next(struct slice *rest, struct sip_challenge *out)
{
	struct sip_cursor c = sip_cursor_of(*rest);
	struct slice scheme;

	*rest = slice_of(NULL, 0);
	for (;;) {
		skip_commas(&c);
		if (c.p == c.end)
			return 0;
		if (!take_scheme(&c, &scheme))
			return -EINVAL;
		if (slice_caseeq(scheme, SLICE("Digest")))
			break;
		skip_challenge(&c);
	}
	memset(out, 0, sizeof(*out));
	if (!take_params(&c, challenge_params, COUNT(challenge_params), out) ||
	    !out->realm.p || !out->nonce.p)
		return -EINVAL;
	read_algorithm(out->algorithm, &out->alg, &out->sess);
	out->qops = read_qops(out->qop);
	out->is_stale = slice_caseeq(out->stale, SLICE("true"));
	*rest = sip_cursor_rest(&c);
	return 1;
}

int sip_credentials_parse(struct slice value, struct sip_credentials *out)
{
	struct sip_cursor c = sip_cursor_of(value);
	struct slice scheme;

	memset(out, 0, sizeof(*out));
	sip_skip_lws(&c);
	if (!take_scheme(&c, &scheme))
		return -EINVAL;
	if (!slice_caseeq(scheme, SLICE("Digest")))
		return -EOPNOTSUPP;
	if (!take_params(&c, credentials_params, COUNT(credentials_params), out) ||
	    c.p != c.end)
		return -EINVAL;
	if (!out->username.p || !out->realm.p || !out->nonce.p || !out->uri.p ||
	    !out->response.p)
		return -EINVAL;
	read_algorithm(out->algorithm, &out->alg, &out->sess);
	out->used_qop = read_qop(out->qop);
	if (out->nc.p && !read_count(out->nc, &out->count))
		return -EINVAL;
	if ((out->qop.p && !out->nc.p) || ((out->qop.p || out->sess) && !out->cnonce.p))
		return -EINVAL;
	return 0;
}

int sip_auth_info_parse(struct slice value, struct sip_auth_info *out)
{
	struct sip_cursor c = sip_cursor_of(value);

	memset(out, 0, sizeof(*out));
	if (!take_params(&c, info_params, COUNT(info_params), out) || c.p != c.end)
		return -EINVAL;
	return 0;
}

/* --- writing --- */

static void print_params(struct buf *b, const struct param *table, size_t n, const void *object)
{
	const char *before = "Digest ";
	size_t i;

	for (i = 0; i < n; i++) {
		struct slice value = *slot(object, &table[i]);

		if (!value.p)
			continue;
		buf_str(b, before);
		buf_str(b, table[i].name);
		buf_str(b, table[i].quoted ? "=\"" : "=");
		buf_add(b, value);
		buf_str(b, table[i].quoted ? "\"" : "");
		before = ", ";
	}
}

void sip_challenge_print(struct buf *b, const struct sip_challenge *c)
{
	print_params(b, challenge_params, COUNT(challenge_params), c);
}

void sip_credentials_print(struct buf *b, const struct sip_credentials *c)
{
	print_params(b, credentials_params, COUNT(credentials_params), c);
}

void sip_quote(struct buf *b, struct slice plain)
{
	size_t i;

	for (i = 0; i < plain.n; i++) {
		if (is_control(plain.p[i]))
			b->failed = true;
		if (plain.p[i] == '"' || plain.p[i] == '\\')
			buf_add(b, SLICE("\\"));
		buf_add(b, slice_of(plain.p + i, 1));
	}
}

/* The next byte without its escape. */
static char take_plain(struct slice *quoted)
{
	char c;

	if (*quoted->p == '\\' && quoted->n > 1) {
		quoted->p++;
		quoted->n--;
	}
	c = *quoted->p++;
	quoted->n--;
	return c;
}

bool sip_unquote(struct slice quoted, char *plain, size_t size)
{
	size_t n = 0;

	while (quoted.n) {
		if (n + 1 >= size)
			return false;
		plain[n++] = take_plain(&quoted);
	}
	plain[n] = 0;
	return true;
}

bool sip_quoted_eq(struct slice quoted, struct slice plain)
{
	size_t i;

	for (i = 0; quoted.n && i < plain.n; i++)
		if (take_plain(&quoted) != plain.p[i])
			return false;
	return !quoted.n && i == plain.n;
}
