// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of challenges and credentials: one table for each says which
 * parameters there are, where they go and whether they are quoted. Values are
 * taken quoted or not whatever the table says, because senders differ; what we
 * write follows it. A control character makes a value malformed, so that what
 * is echoed never ends a line.
 */
#include <errno.h>

#include "sip/block.h"
#include "sip/chars.h"
#include "sip/digest.h"

struct param {
	struct slice name;
	size_t at;		/* of its slice */
	bool quoted;
};

#define SLICE_INIT(text) { text, sizeof(text) - 1 }
#define COUNT(table) (sizeof(table) / sizeof(*(table)))

#define AT(member) offsetof(struct sip_challenge, member)
static const struct param challenge_params[] = {
	{ SLICE_INIT("realm"), AT(realm), true },
	{ SLICE_INIT("domain"), AT(domain), true },
	{ SLICE_INIT("nonce"), AT(nonce), true },
	{ SLICE_INIT("opaque"), AT(opaque), true },
	{ SLICE_INIT("stale"), AT(stale), false },
	{ SLICE_INIT("algorithm"), AT(algorithm), false },
	{ SLICE_INIT("qop"), AT(qop), true },
};
#undef AT

#define AT(member) offsetof(struct sip_credentials, member)
static const struct param credentials_params[] = {
	{ SLICE_INIT("username"), AT(username), true },
	{ SLICE_INIT("realm"), AT(realm), true },
	{ SLICE_INIT("nonce"), AT(nonce), true },
	{ SLICE_INIT("uri"), AT(uri), true },
	{ SLICE_INIT("response"), AT(response), true },
	{ SLICE_INIT("algorithm"), AT(algorithm), false },
	{ SLICE_INIT("cnonce"), AT(cnonce), true },
	{ SLICE_INIT("opaque"), AT(opaque), true },
	{ SLICE_INIT("qop"), AT(qop), false },
	{ SLICE_INIT("nc"), AT(nc), false },
};
#undef AT

#define AT(member) offsetof(struct sip_auth_info, member)
static const struct param info_params[] = {
	{ SLICE_INIT("nextnonce"), AT(nextnonce), true },
	{ SLICE_INIT("qop"), AT(qop), false },
	{ SLICE_INIT("rspauth"), AT(rspauth), true },
	{ SLICE_INIT("cnonce"), AT(cnonce), true },
	{ SLICE_INIT("nc"), AT(nc), false },
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

/* "name =", and not the scheme of another challenge, which stays. */
static bool take_name(struct sip_cursor *c, struct slice *name)
{
	struct sip_cursor ahead = *c;

	*name = sip_take(&ahead, SIP_CHAR_TOKEN);
	if (!name->n)
		return false;
	sip_skip_lws(&ahead);
	if (!sip_take_char(&ahead, '='))
		return false;
	*c = ahead;
	return true;
}

static bool is_control(char c)
{
	return ((u8)c < ' ' && c != '\t') || (u8)c == 0x7f;
}

/* The first byte that means something in quotes, or end. */
static const char *skip_plain(const char *p, const char *end)
{
	sip_block b;
	size_t i;

	for (; end - p >= 16; p += 16) {
		b = sip_block_load(p);
		i = sip_block_first((sip_halves)(((b < ' ') & (b != '\t')) | (b == '"') |
						 (b == '\\') | (b == 0x7f)));
		if (i < 16)
			return p + i;
	}
	while (p < end && !sip_char_is(*p, SIP_CHAR_QUOTED))
		p++;
	return p;
}

static bool take_quoted(struct sip_cursor *c, struct slice *value)
{
	const char *p = c->p + 1, *from = p, *end = c->end;

	for (;;) {
		p = skip_plain(p, end);
		if (p == end || *p != '\\')
			break;
		if (end - p < 2 || is_control(p[1]))
			return false;
		p += 2;
	}
	if (p == end || *p != '"')
		return false;
	*value = slice_of(from, (size_t)(p - from));
	c->p = p + 1;
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
		if (table[i].name.n == name.n && (name.p[0] | 0x20) == table[i].name.p[0] &&
		    sip_is_n(name, table[i].name.p, name.n))
			return &table[i];
	return NULL;
}

static struct slice *slot(const void *object, const struct param *param)
{
	return (struct slice *)((char *)object + param->at);
}

/* What follows the '='. */
static bool take_param(struct sip_cursor *c, const struct param *param, void *out)
{
	struct slice value;

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
	struct slice name;

	for (;;) {
		separated |= skip_commas(c);
		if (c->p == c->end)
			return true;
		if (!separated)
			return false;
		if (!take_name(c, &name))
			return true;
		if (!take_param(c, find_param(table, n, name), out))
			return false;
		separated = false;
	}
}

/* A challenge of another scheme, parameters or not, to the next that is none of its own. */
static void skip_challenge(struct sip_cursor *c)
{
	struct sip_cursor ahead;
	struct slice name;

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
		ahead = *c;
		if (!take_name(&ahead, &name))
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
		buf_add(b, table[i].name);
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
	size_t i, from = 0;

	for (i = 0; i < plain.n; i++) {
		if (!sip_char_is(plain.p[i], SIP_CHAR_QUOTED))
			continue;
		if (is_control(plain.p[i]))
			b->failed = true;
		buf_add(b, slice_of(plain.p + from, i - from));
		buf_add(b, SLICE("\\"));
		from = i;
	}
	buf_add(b, slice_of(plain.p + from, plain.n - from));
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
