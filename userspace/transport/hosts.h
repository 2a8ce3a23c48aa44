/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/hosts, and "localhost" (RFC 6761 §6.3), which has its addresses whether or not
 * the file says so. What the file says of a name is all there is of it: who writes
 * one there wants nobody to be asked, also not for its services.
 */
#ifndef TRANSPORT_HOSTS_H
#define TRANSPORT_HOSTS_H

#include "base/hash.h"
#include "transport/dns_message.h"

struct hosts;

struct hosts *hosts_new(const struct hash_key *key);	/* NULL: no memory */
void hosts_free(struct hosts *hosts);
/* Adds what the text says; lines that are none are passed over. 0 or -ENOMEM. */
int hosts_parse(struct hosts *hosts, struct slice text);
/* A file that is not there is an empty one. 0 or -errno. */
int hosts_load(struct hosts *hosts, const char *path);
/*
 * A reference for the caller; NULL: the name is not one of ours. Names are in lower
 * case. Of types other than A and AAAA a name that is here has none, and so has what
 * is below it with an underscore (_sip._udp.NAME).
 */
struct dns_answer *hosts_find(const struct hosts *hosts, struct slice name, enum dns_type type);

#endif
