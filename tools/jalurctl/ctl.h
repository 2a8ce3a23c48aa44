/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jalurctl asks two parties: the module over generic netlink (kernel.c) and
 * jalurd over its control socket (daemon.c). Both answer in JSON (the module's
 * attributes are made into JSON by decode.c), commands work on that, and text for
 * people is printed from the same objects that --json prints, so that the two
 * cannot disagree.
 */
#ifndef JALURCTL_CTL_H
#define JALURCTL_CTL_H

#include <jansson.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>

#include "base/addr.h"

#define CTL_SOCKET "/run/jalur/control"

/* Exit status. */
enum {
	CTL_OK,
	CTL_FAILED,		/* an error from the module or the daemon */
	CTL_USAGE,
	CTL_UNREACHABLE,	/* module not loaded, daemon not running */
	CTL_NOT_FOUND,		/* no such session, call, trunk and so on */
};

struct ctl {
	bool json;
	const char *socket;
	bool has_owner;
	u64 owner;
	unsigned int interval_ms;	/* of watch */
	unsigned long count;		/* of watch; 0: until interrupted */
	/* of route test; NULL: not given */
	const char *realm, *source, *method, *uri, *from;
	json_t *headers;
	bool quiet;			/* collect errors in error instead of printing them */
	json_t *error;			/* the last one: {code, message, where, remedy} */
	struct kernel *kernel;		/* NULL until kernel_open() */
	struct daemon *daemon;		/* NULL until daemon_open() */
};

struct ctl_command {
	const char *name;	/* "session list" */
	const char *args;
	const char *help;
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* Reports on stderr, as text or JSON, and returns status. where, remedy may be NULL. */
int ctl_fail(struct ctl *ctl, int status, const char *code, const char *where,
	     const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* One object to stdout: with --json on one line. */
void ctl_print_json(const json_t *object);
/* 1 to 16 hex digits. */
bool ctl_parse_id(const char *text, u64 *out);
/* list: the command that shows the ids that there are. */
int ctl_bad_id(struct ctl *ctl, const char *list, const char *text);

/* --- json.c: the forms of DESIGN.md §4 --- */
json_t *json_hex(u64 value);			/* "00000000000000ff" */
json_t *json_addr(const struct addr *a);	/* "ip:port", "[v6]:port" */
json_t *json_time(u64 ns);			/* CLOCK_REALTIME ns to RFC 3339 */
/*
 * Tags and URIs come from the network: before text is printed, control characters
 * in strings become '?', so that nobody writes escape sequences to a terminal.
 */
void json_clean(json_t *object);
/* Members by name; "", 0, false when absent. */
const char *member_text(const json_t *object, const char *key);
u64 member_number(const json_t *object, const char *key);
bool member_true(const json_t *object, const char *key);

/* --- kernel.c --- */
struct kernel {
	struct nl_sock *sock;
	int family;
	int errnum;		/* of the last request */
	char text[256];		/* extack's */
};

/* 0, or a status that was reported. */
int kernel_open(struct ctl *ctl);
void kernel_close(struct ctl *ctl);
/* A message to be filled in and given to kernel_request(); NULL was reported. */
struct nl_msg *kernel_message(struct ctl *ctl, int cmd, int flags);
/* Sends and frees msg; each answer goes to each(). 0 or -errno, not yet reported. */
int kernel_request(struct ctl *ctl, struct nl_msg *msg,
		   void (*each)(void *arg, struct nlattr *attrs, int len), void *arg);
/* Reports what kernel_request() returned. */
int kernel_fail(struct ctl *ctl, int err, const char *what);
/* The events socket: its descriptor, or a status below 0 (-CTL_...) that was reported. */
int kernel_events_open(struct ctl *ctl);
/* Reads what is there. 0, -ENOBUFS when events were lost, other -errno. */
int kernel_events_read(struct ctl *ctl, void (*each)(void *arg, struct nlattr *attrs, int len),
		       void *arg);

/* --- decode.c: new references; NULL when the attributes make no sense --- */
json_t *decode_session(struct nlattr *attrs, int len);
json_t *decode_info(struct nlattr *attrs, int len);
json_t *decode_event(struct nlattr *attrs, int len, u64 *sequence);

/* --- daemon.c --- */
int daemon_open(struct ctl *ctl);
void daemon_close(struct ctl *ctl);
/*
 * args may be NULL and is taken. The result is a new reference; NULL: *status says why,
 * and it was reported.
 */
json_t *daemon_request(struct ctl *ctl, const char *cmd, json_t *args, int *status);
/* Sends a request whose answers daemon_next() gives. 0 or a status. */
int daemon_start(struct ctl *ctl, const char *cmd, json_t *args);
int daemon_fd(const struct ctl *ctl);
/* A complete line, if one was received: a new reference; NULL: none now (*gone: or ever). */
json_t *daemon_next(struct ctl *ctl, bool *gone);

/* --- text.c --- */
struct table;
/* A head with a leading '>' is right-aligned. */
struct table *table_new(const char *const *heads);
void table_row(struct table *t);
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_line(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_print(struct table *t, const char *indent);	/* and frees */
/* "850ms", "12s", "3m05s", "2h10m" */
const char *text_age(u64 ms, char *buf, size_t n);

/* --- commands --- */
int session_list(struct ctl *ctl, int argc, char **argv);
int session_show(struct ctl *ctl, int argc, char **argv);
int session_watch(struct ctl *ctl, int argc, char **argv);
int session_del(struct ctl *ctl, int argc, char **argv);
int call_list(struct ctl *ctl, int argc, char **argv);
/* Asks the daemon, and prints what it says as text or JSON; takes args. An exit status. */
int ctl_answer(struct ctl *ctl, const char *cmd, json_t *args, void (*print)(const json_t *));
/* The same for a command whose one argument is an id of those that list shows. */
int ctl_answer_id(struct ctl *ctl, const char *cmd, const char *list, int argc, char **argv,
		  void (*print)(const json_t *));
int call_trace(struct ctl *ctl, int argc, char **argv);
int call_show(struct ctl *ctl, int argc, char **argv);
int call_hangup(struct ctl *ctl, int argc, char **argv);
int transport_list(struct ctl *ctl, int argc, char **argv);
int transport_close(struct ctl *ctl, int argc, char **argv);
int drain_on(struct ctl *ctl, int argc, char **argv);
int drain_off(struct ctl *ctl, int argc, char **argv);
int drain_status(struct ctl *ctl, int argc, char **argv);
int drain_watch(struct ctl *ctl, int argc, char **argv);
int route_list(struct ctl *ctl, int argc, char **argv);
int route_test(struct ctl *ctl, int argc, char **argv);
int trunk_list(struct ctl *ctl, int argc, char **argv);
int trunk_show(struct ctl *ctl, int argc, char **argv);
int trunk_drain(struct ctl *ctl, int argc, char **argv);
int trunk_enable(struct ctl *ctl, int argc, char **argv);
int registration_list(struct ctl *ctl, int argc, char **argv);
int registration_show(struct ctl *ctl, int argc, char **argv);
int registration_del(struct ctl *ctl, int argc, char **argv);
int subscription_list(struct ctl *ctl, int argc, char **argv);
int subscription_show(struct ctl *ctl, int argc, char **argv);
int subscription_del(struct ctl *ctl, int argc, char **argv);
int presence_show(struct ctl *ctl, int argc, char **argv);
int subscriber_list(struct ctl *ctl, int argc, char **argv);
int subscriber_add(struct ctl *ctl, int argc, char **argv);
int subscriber_passwd(struct ctl *ctl, int argc, char **argv);
int subscriber_del(struct ctl *ctl, int argc, char **argv);
int monitor(struct ctl *ctl, int argc, char **argv);
int info(struct ctl *ctl, int argc, char **argv);

#endif
