/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transport addresses, and the flow (RFC 5626 §3) that a message came by or
 * goes out on: one of our listeners and the far side's address.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>

#include "base/slice.h"

struct addr {
	u8 family;		/* AF_INET, AF_INET6, 0: none */
	u16 port;		/* host order */
	u32 scope;		/* ifindex of a link-local IPv6 address */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} ip;
};

#define ADDR_STRLEN 64

/*
 * A stream transport goes by its connection while that is open; without one, or when it is
 * gone, by another connection to peer.
 */
struct flow {
	u32 listener;		/* index into the configuration's listeners */
	u32 name;		/* of the domain that peer must prove to be (TLS); 0: none */
	struct addr peer;
	u64 connection;		/* of a stream transport; 0: none, or any */
};

bool addr_parse_ip(struct slice s, struct addr *out);	/* "1.2.3.4", "::1", "[::1]"; port 0 */
bool addr_parse(struct slice s, struct addr *out);	/* "1.2.3.4:5", "[::1]:5" */
bool addr_eq(const struct addr *a, const struct addr *b);	/* with the port */
bool addr_ip_eq(const struct addr *a, const struct addr *b);
bool addr_loopback(const struct addr *a);	/* 127.0.0.0/8, ::1 */
/* "1.2.3.4:5", "[::1]:5"; buf of ADDR_STRLEN; returns buf */
const char *addr_print(const struct addr *a, char *buf);
const char *addr_print_ip(const struct addr *a, char *buf);	/* without port or brackets */
socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss);
bool addr_from_sockaddr(const struct sockaddr *sa, struct addr *out);

/* The IP address as it is in packets; none has that of another family. */
static inline struct slice addr_ip_bytes(const struct addr *a)
{
	return slice_of((const char *)&a->ip, a->family == AF_INET ? 4 : 16);
}

/* A prefix, "10.0.0.0/8" or a single address; for match lists. */
struct prefix {
	struct addr addr;
	u8 bits;
};

bool prefix_parse(struct slice s, struct prefix *out);
bool prefix_contains(const struct prefix *p, const struct addr *a);

#endif
