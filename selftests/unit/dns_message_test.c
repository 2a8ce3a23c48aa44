// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers of name servers, read: whole ones that a zone of the test gives, and
 * bytes written by hand for what no honest server sends. Every answer is also read
 * cut short at each length, from memory that ends there.
 */
#include <errno.h>
#include <stdlib.h>

#include "dns_zone.h"
#include "kselftest_harness.h"

static struct wire query, response;

/* The zone's answer to (name, type), parsed; status in *err. */
static struct dns_answer *ask(const struct zone *z, const char *name, enum dns_type type, int *err)
{
	struct dns_answer *answer = NULL;

	zone_query(&query, name, type);
	zone_respond(z, query.b, query.n, false, &response);
	*err = dns_message_parse(slice_of((char *)response.b, response.n), slice_str(name), type,
				 &answer);
	return answer;
}

static const char *ip_of(const struct dns_answer *answer, size_t i)
{
	static char text[ADDR_STRLEN];

	return i < answer->n ? addr_print_ip(&answer->records[i].addr, text) : "none";
}

FIXTURE(dns_message) {
	struct zone zone;
	struct dns_answer *answer;
	int err;
};

FIXTURE_SETUP(dns_message)
{
	self->zone.soa_ttl = 900;
	self->zone.soa_minimum = 60;
}

FIXTURE_TEARDOWN(dns_message)
{
	dns_answer_put(self->answer);
}

#define ASK(name, type) do { \
	dns_answer_put(self->answer); \
	self->answer = ask(&self->zone, name, type, &self->err); \
	ASSERT_EQ(0, self->err); \
} while (0)

TEST_F(dns_message, addresses_come_with_the_least_ttl)
{
	zone_add(&self->zone, "a.example.com 300 A 192.0.2.1");
	zone_add(&self->zone, "a.example.com 200 A 192.0.2.2");
	zone_add(&self->zone, "a.example.com 100 AAAA 2001:db8::1");
	ASK("a.example.com", DNS_A);
	EXPECT_EQ(DNS_OK, self->answer->status);
	EXPECT_EQ(200, self->answer->ttl);
	EXPECT_EQ(2, self->answer->n);
	EXPECT_STREQ("192.0.2.1", ip_of(self->answer, 0));
	EXPECT_STREQ("192.0.2.2", ip_of(self->answer, 1));
	EXPECT_STREQ("", self->answer->alias);
	ASK("A.Example.COM.", DNS_AAAA);
	EXPECT_EQ(100, self->answer->ttl);
	EXPECT_STREQ("2001:db8::1", ip_of(self->answer, 0));
}

TEST_F(dns_message, a_service_has_priority_weight_port_and_target)
{
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 10 65535 5070 a.example.com");
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 20 0 5060 .");
	ASK("_sip._udp.example.com", DNS_SRV);
	ASSERT_EQ(2, self->answer->n);
	EXPECT_EQ(10, self->answer->records[0].srv.priority);
	EXPECT_EQ(65535, self->answer->records[0].srv.weight);
	EXPECT_EQ(5070, self->answer->records[0].srv.port);
	EXPECT_STREQ("a.example.com", self->answer->records[0].srv.target);
	EXPECT_STREQ("", self->answer->records[1].srv.target);
}

TEST_F(dns_message, a_naptr_has_order_preference_flags_service_and_replacement)
{
	zone_add(&self->zone, "example.com 60 NAPTR 10 20 s SIP+D2U _sip._udp.example.com");
	zone_add(&self->zone, "example.com 60 NAPTR 10 20 - SIPS+D2T other.example.com");
	ASK("example.com", DNS_NAPTR);
	ASSERT_EQ(2, self->answer->n);
	EXPECT_EQ(10, self->answer->records[0].naptr.order);
	EXPECT_EQ(20, self->answer->records[0].naptr.preference);
	EXPECT_STREQ("s", self->answer->records[0].naptr.flags);
	EXPECT_STREQ("SIP+D2U", self->answer->records[0].naptr.service);
	EXPECT_FALSE(self->answer->records[0].naptr.regexp);
	EXPECT_STREQ("_sip._udp.example.com", self->answer->records[0].naptr.replacement);
	EXPECT_STREQ("", self->answer->records[1].naptr.flags);
}

/* The order of the records is the server's business. */
TEST_F(dns_message, aliases_are_followed_in_any_order)
{
	zone_add(&self->zone, "a.example.com 300 CNAME b.example.com");
	zone_add(&self->zone, "b.example.com 20 CNAME c.example.net");
	zone_add(&self->zone, "c.example.net 300 A 192.0.2.3");
	ASK("a.example.com", DNS_A);
	EXPECT_EQ(DNS_OK, self->answer->status);
	EXPECT_EQ(20, self->answer->ttl);
	EXPECT_STREQ("192.0.2.3", ip_of(self->answer, 0));
	EXPECT_STREQ("c.example.net", self->answer->alias);
}

TEST_F(dns_message, an_alias_whose_end_is_not_told_is_to_be_asked_for)
{
	self->zone.no_soa = true;
	zone_add(&self->zone, "a.example.com 300 CNAME b.example.com");
	zone_add(&self->zone, "b.example.com 300 AAAA ::1");
	ASK("a.example.com", DNS_A);
	EXPECT_EQ(DNS_ALIAS, self->answer->status);
	EXPECT_EQ(300, self->answer->ttl);
	EXPECT_STREQ("b.example.com", self->answer->alias);
	self->zone.no_soa = false;
	ASK("a.example.com", DNS_A);
	EXPECT_EQ(DNS_NODATA, self->answer->status);
	EXPECT_EQ(60, self->answer->ttl);
}

TEST_F(dns_message, aliases_in_a_circle_come_to_an_end)
{
	zone_add(&self->zone, "a.example.com 300 CNAME b.example.com");
	zone_add(&self->zone, "b.example.com 300 CNAME a.example.com");
	EXPECT_EQ(NULL, ask(&self->zone, "a.example.com", DNS_A, &self->err));
	EXPECT_EQ(-ELOOP, self->err);
	zone_add(&self->zone, "c.example.com 300 CNAME c.example.com");
	EXPECT_EQ(NULL, ask(&self->zone, "c.example.com", DNS_A, &self->err));
	EXPECT_EQ(-ELOOP, self->err);
}

TEST_F(dns_message, no_says_how_long_it_holds)
{
	zone_add(&self->zone, "a.example.com 300 A 192.0.2.1");
	ASK("a.example.com", DNS_AAAA);
	EXPECT_EQ(DNS_NODATA, self->answer->status);
	EXPECT_EQ(60, self->answer->ttl);
	self->zone.soa_ttl = 30;
	ASK("nobody.example.com", DNS_A);
	EXPECT_EQ(DNS_NXDOMAIN, self->answer->status);
	EXPECT_EQ(30, self->answer->ttl);
	self->zone.no_soa = true;
	ASK("nobody.example.com", DNS_A);
	EXPECT_EQ(DNS_NXDOMAIN, self->answer->status);
	EXPECT_EQ(0, self->answer->ttl);
}

TEST_F(dns_message, a_server_that_failed_has_said_nothing)
{
	zone_add(&self->zone, "a.example.com 0 SERVFAIL");
	ASK("a.example.com", DNS_A);
	EXPECT_EQ(DNS_SERVFAIL, self->answer->status);
	EXPECT_EQ(0, self->answer->ttl);
}

TEST_F(dns_message, a_ttl_with_the_highest_bit_is_none)
{
	zone_add(&self->zone, "a.example.com 2147483648 A 192.0.2.1");
	ASK("a.example.com", DNS_A);
	EXPECT_EQ(0, self->answer->ttl);
}

TEST_F(dns_message, of_many_records_the_first_are_kept)
{
	size_t i;

	for (i = 0; i < 100; i++)
		zone_add(&self->zone, "a.example.com 300 A 192.0.2.1");
	ASK("a.example.com", DNS_A);
	EXPECT_EQ(DNS_RECORDS, self->answer->n);
}

/* A target with a space in it cannot be asked for; the other one can. */
TEST_F(dns_message, a_record_that_leads_to_an_odd_name_is_left_out)
{
	struct dns_answer *answer;
	u8 *odd;

	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 1 0 5060 o-d.example.com");
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 2 0 5060 a.example.com");
	ASK("_sip._udp.example.com", DNS_SRV);
	ASSERT_EQ(2, self->answer->n);
	odd = memmem(response.b, response.n, "o-d", 3);
	ASSERT_NE(NULL, odd);
	odd[1] = '.';
	ASSERT_EQ(0, dns_message_parse(slice_of((char *)response.b, response.n),
				       SLICE("_sip._udp.example.com"), DNS_SRV, &answer));
	EXPECT_EQ(1, answer->n);
	EXPECT_STREQ("a.example.com", answer->records[0].srv.target);
	dns_answer_put(answer);
}

TEST_F(dns_message, an_answer_to_something_else_is_refused)
{
	struct slice bytes;

	zone_add(&self->zone, "a.example.com 300 A 192.0.2.1");
	ASK("a.example.com", DNS_A);
	bytes = slice_of((char *)response.b, response.n);
	EXPECT_EQ(-EBADMSG, dns_message_parse(bytes, SLICE("b.example.com"), DNS_A, NULL));
	EXPECT_EQ(-EBADMSG, dns_message_parse(bytes, SLICE("a.example.com"), DNS_AAAA, NULL));
	response.b[2] &= 0x7f;		/* a query */
	EXPECT_EQ(-EBADMSG, dns_message_parse(bytes, SLICE("a.example.com"), DNS_A, NULL));
	response.b[2] |= 0x82;		/* cut short */
	EXPECT_EQ(-EMSGSIZE, dns_message_parse(bytes, SLICE("a.example.com"), DNS_A, NULL));
	response.b[2] = 0xa1;		/* another opcode */
	EXPECT_EQ(-EBADMSG, dns_message_parse(bytes, SLICE("a.example.com"), DNS_A, NULL));
}

TEST_F(dns_message, no_length_is_believed_beyond_the_end)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_SRV, DNS_NAPTR };
	struct dns_answer *answer;
	size_t t, n;
	int err;

	zone_add(&self->zone, "x.example.com 300 A 192.0.2.1");
	zone_add(&self->zone, "x.example.com 300 SRV 10 20 5060 a.example.com");
	zone_add(&self->zone, "x.example.com 300 NAPTR 10 20 s SIP+D2U _sip._udp.example.com");
	for (t = 0; t < 4; t++) {
		ASK("x.example.com", types[t]);
		for (n = 0; n < response.n; n++) {
			char *copy = malloc(n + 1);

			memcpy(copy, response.b, n);
			answer = NULL;
			err = dns_message_parse(slice_of(copy, n), SLICE("x.example.com"),
						types[t], &answer);
			/* without its SOA a negative answer is one still */
			EXPECT_TRUE(err == -EBADMSG || (!err && !answer->n));
			dns_answer_put(answer);
			free(copy);
		}
	}
}

/* --- bytes that no honest server sends --- */

#define HEADER "\0\1\x81\x80\0\1\0\1\0\0\0\0"
#define QUESTION(type) "\1a\0\0" type "\0\1"
#define HEAD(type) "\300\14\0" type "\0\1\0\0\0\74"
#define A "\1"
#define CNAME "\5"
#define SRV "\41"
#define NAPTR "\43"

static const struct {
	const char *what;
	enum dns_type type;
	struct slice bytes;
	int err;
	size_t n;
} table[] = {
	{ "a plain one", DNS_A,
	  SLICE(HEADER QUESTION(A) HEAD(A) "\0\4\300\0\2\1"), 0, 1 },
	{ "an address of three bytes", DNS_A,
	  SLICE(HEADER QUESTION(A) HEAD(A) "\0\3\300\0\2"), -EBADMSG, 0 },
	{ "an address of five bytes", DNS_A,
	  SLICE(HEADER QUESTION(A) HEAD(A) "\0\5\300\0\2\1\1"), -EBADMSG, 0 },
	{ "another class", DNS_A,
	  SLICE(HEADER QUESTION(A) "\300\14\0\1\0\3\0\0\0\74\0\4\300\0\2\1"), 0, 0 },
	{ "another owner", DNS_A,
	  SLICE(HEADER QUESTION(A) "\1b\0\0\1\0\1\0\0\0\74\0\4\300\0\2\1"), 0, 0 },
	{ "a name that points at itself", DNS_A,
	  SLICE(HEADER QUESTION(A) "\300\23\0\1\0\1\0\0\0\74\0\4\300\0\2\1"), -EBADMSG, 0 },
	{ "a name that points forward", DNS_A,
	  SLICE(HEADER QUESTION(A) "\300\37\0\1\0\1\0\0\0\74\0\4\1a\0\0"), -EBADMSG, 0 },
	{ "a name that points into the header", DNS_A,
	  SLICE(HEADER QUESTION(A) "\300\0\0\1\0\1\0\0\0\74\0\4\300\0\2\1"), -EBADMSG, 0 },
	{ "half a pointer", DNS_A,
	  SLICE(HEADER QUESTION(A) "\300"), -EBADMSG, 0 },
	{ "a label of a kind that does not exist", DNS_A,
	  SLICE(HEADER QUESTION(A) "\101a\0\0\1\0\1\0\0\0\74\0\4\300\0\2\1"), -EBADMSG, 0 },
	{ "no question", DNS_A,
	  SLICE("\0\1\x81\x80\0\0\0\1\0\0\0\0" HEAD(A) "\0\4\300\0\2\1"), -EBADMSG, 0 },
	{ "two questions", DNS_A,
	  SLICE("\0\1\x81\x80\0\2\0\1\0\0\0\0" QUESTION(A) QUESTION(A) HEAD(A) "\0\4\300\0\2\1"),
	  -EBADMSG, 0 },
	{ "more answers promised than there are", DNS_A,
	  SLICE("\0\1\x81\x80\0\1\0\2\0\0\0\0" QUESTION(A) HEAD(A) "\0\4\300\0\2\1"),
	  -EBADMSG, 0 },
	{ "a service without its target", DNS_SRV,
	  SLICE(HEADER QUESTION(SRV) HEAD(SRV) "\0\6\0\1\0\2\0\3"), -EBADMSG, 0 },
	{ "a service whose target goes on behind the record", DNS_SRV,
	  SLICE(HEADER QUESTION(SRV) HEAD(SRV) "\0\7\0\1\0\2\0\3\1b\0"), -EBADMSG, 0 },
	{ "a service with a compressed target", DNS_SRV,
	  SLICE(HEADER QUESTION(SRV) HEAD(SRV) "\0\10\0\1\0\2\0\3\300\14"), 0, 1 },
	{ "a service with bytes behind its target", DNS_SRV,
	  SLICE(HEADER QUESTION(SRV) HEAD(SRV) "\0\11\0\1\0\2\0\3\300\14\0"), -EBADMSG, 0 },
	{ "a NAPTR whose text is longer than it", DNS_NAPTR,
	  SLICE(HEADER QUESTION(NAPTR) HEAD(NAPTR) "\0\6\0\1\0\2\377s"), -EBADMSG, 0 },
	{ "a NAPTR with a NUL in its flags", DNS_NAPTR,
	  SLICE(HEADER QUESTION(NAPTR) HEAD(NAPTR) "\0\11\0\1\0\2\1\0\0\0\0"), 0, 0 },
	{ "a NAPTR with longer flags than exist", DNS_NAPTR,
	  SLICE(HEADER QUESTION(NAPTR) HEAD(NAPTR) "\0\20\0\1\0\2\10ssssssss\0\0\0"), 0, 0 },
	{ "a NAPTR with an expression", DNS_NAPTR,
	  SLICE(HEADER QUESTION(NAPTR) HEAD(NAPTR) "\0\11\0\1\0\2\0\0\1!\0"), 0, 1 },
	{ "an alias of the root", DNS_A,
	  SLICE(HEADER QUESTION(A) HEAD(CNAME) "\0\1\0"), -EBADMSG, 0 },
	{ "an alias of two names", DNS_A,
	  SLICE(HEADER QUESTION(A) HEAD(CNAME) "\0\4\1b\0\0"), -EBADMSG, 0 },
};

TEST(what_no_honest_server_sends)
{
	struct dns_answer *answer;
	size_t i;
	int err;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *copy = malloc(table[i].bytes.n);

		memcpy(copy, table[i].bytes.p, table[i].bytes.n);
		answer = NULL;
		err = dns_message_parse(slice_of(copy, table[i].bytes.n), SLICE("a"),
					table[i].type, &answer);
		EXPECT_EQ(table[i].err, err) {
			TH_LOG("%s", table[i].what);
		}
		EXPECT_EQ(table[i].n, answer ? answer->n : 0) {
			TH_LOG("%s", table[i].what);
		}
		dns_answer_put(answer);
		free(copy);
	}
}

/* Each name is a pointer to the one before: short to send, long to follow. */
TEST(a_chain_of_pointers_is_followed_for_a_while_only)
{
	struct dns_answer *answer = NULL;
	struct wire *w = &response;
	unsigned int i, hops;
	size_t before = 12;

	for (hops = 31; hops <= 34; hops++) {
		w->n = 0;
		before = 12;
		put_bytes(w, HEADER, 12);
		put_bytes(w, QUESTION(A), 7);
		/* one record of which we know nothing, full of pointers */
		put_record(w, "", 999, 0);
		put_u16(w, 2 * (hops - 1));
		for (i = 1; i < hops; i++) {
			put_u16(w, 0xc000 | before);
			before = w->n - 2;
		}
		w->b[7] = 2;
		put_u16(w, 0xc000 | before);
		put_bytes(w, "\0\1\0\1\0\0\0\74\0\4\300\0\2\1", 14);
		EXPECT_EQ(hops <= 32 ? 0 : -EBADMSG,
			  dns_message_parse(slice_of((char *)w->b, w->n), SLICE("a"), DNS_A,
					    &answer));
		dns_answer_put(answer);
		answer = NULL;
	}
}

TEST(a_name_has_a_longest_form)
{
	static const char label[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk";
	struct dns_answer *answer = NULL;
	char name[300];

	/* three of 63 and one of 61: 253 characters */
	snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
	EXPECT_TRUE(dns_name_valid(slice_str(name)));
	zone_query(&query, name, DNS_A);
	query.b[2] |= 0x80;
	EXPECT_EQ(0, dns_message_parse(slice_of((char *)query.b, query.n), slice_str(name), DNS_A,
				       &answer));
	dns_answer_put(answer);
	snprintf(name, sizeof(name), "%s.%s.%s.%.62s", label, label, label, label);
	EXPECT_FALSE(dns_name_valid(slice_str(name)));
	zone_query(&query, name, DNS_A);
	query.b[2] |= 0x80;
	EXPECT_EQ(-EBADMSG, dns_message_parse(slice_of((char *)query.b, query.n), slice_str(name),
					      DNS_A, &answer));
}

TEST(names_that_can_be_asked_for)
{
	static const struct {
		const char *name;
		bool valid;
	} names[] = {
		{ "example.com", true }, { "example.com.", true }, { "_sip._udp.x", true },
		{ "xn--bcher-kva.example", true }, { "a", true }, { "1.2.3", true },
		{ "", false }, { ".", false }, { "a..b", false }, { ".a", false },
		{ "a b", false }, { "a/b", false }, { "b\303\274cher.example", false },
		{ "a\\.b", false }, { "*.example.com", false },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		EXPECT_EQ(names[i].valid, dns_name_valid(slice_str(names[i].name))) {
			TH_LOG("name %zu", i);
		}
}

TEST_HARNESS_MAIN
