/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How relayctl prints what the kernel says: a nest's attributes one a line, the
 * names joined by dots, siblings told apart by their label (an end's id, an
 * SSRC, a drop reason), so that a test greps for end.1.stats.rx-packets=50.
 * Events and addresses take one line, or one word. Part of relayctl.c.
 */
#ifndef _SELFTESTS_NET_PRINT_H
#define _SELFTESTS_NET_PRINT_H

static const char *error_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : "EUNKNOWN";
}

static uint64_t get_number(const struct nlattr *a)
{
	uint64_t n = 0;

	switch (mnl_attr_get_payload_len(a)) {
	case 1: return mnl_attr_get_u8(a);
	case 2: return mnl_attr_get_u16(a);
	case 4: return mnl_attr_get_u32(a);
	case 8:
		memcpy(&n, mnl_attr_get_payload(a), sizeof(n));
		break;
	}
	return n;
}

static void format_names(const struct attr *def, uint64_t n, char *out, size_t size)
{
	int i, len = 0;

	out[0] = '\0';
	for (i = 0; def->names[i]; i++) {
		if (def->flags ? !(n >> i & 1) : n != (uint64_t)i)
			continue;
		len += snprintf(out + len, size - len, "%s%s", len ? "+" : "", def->names[i]);
	}
	if (!len)
		snprintf(out, size, "%" PRIu64, n);
}

static void format_address(const struct nlattr *nest, char *out, size_t size)
{
	char ip[INET6_ADDRSTRLEN] = "?", tail[64] = "", scope[32] = "";
	const struct nlattr *a;
	unsigned int port = 0;
	int n = 0, v6 = 0;

	mnl_attr_for_each_nested(a, nest) {
		switch (mnl_attr_get_type(a)) {
		case JALUR_A_ADDRESS_V4:
			inet_ntop(AF_INET, mnl_attr_get_payload(a), ip, sizeof(ip));
			break;
		case JALUR_A_ADDRESS_V6:
			inet_ntop(AF_INET6, mnl_attr_get_payload(a), ip, sizeof(ip));
			v6 = 1;
			break;
		case JALUR_A_ADDRESS_PORT:
			port = ntohs(mnl_attr_get_u16(a));
			break;
		case JALUR_A_ADDRESS_L3_IFINDEX:
			if (mnl_attr_get_u32(a))
				n += snprintf(tail + n, sizeof(tail) - n, "@%u",
					      mnl_attr_get_u32(a));
			break;
		case JALUR_A_ADDRESS_SCOPE_IFINDEX:
			if (mnl_attr_get_u32(a))
				snprintf(scope, sizeof(scope), "%%%u", mnl_attr_get_u32(a));
			break;
		}
	}
	snprintf(out, size, v6 ? "[%s%s]:%u%s" : "%s%s:%u%s", ip, scope, port, tail);
}

static void format_value(const struct attr *def, const struct nlattr *a, char *out, size_t size)
{
	uint64_t n = get_number(a);

	if (def->names) {
		format_names(def, n, out, size);
		return;
	}
	switch (def->kind) {
	case K_STR:
		snprintf(out, size, "%s", mnl_attr_get_str(a));
		break;
	case K_X32:
		snprintf(out, size, "0x%08" PRIx64, n);
		break;
	case K_X64:
		snprintf(out, size, "%016" PRIx64, n);
		break;
	case K_S32:
		snprintf(out, size, "%d", (int32_t)n);
		break;
	case K_NEST:
		format_address(a, out, size);
		break;
	default:
		snprintf(out, size, "%" PRIu64, n);
	}
}

static void print_attrs(const struct set *set, const char *path, const struct nlattr *first,
			size_t len);

static void print_nest(const struct attr *def, const char *path, const struct nlattr *nest)
{
	const struct set *set = def->nested;
	char label[64] = "", inner[256];
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest)
		if (set->label && mnl_attr_get_type(a) == set->label)
			format_value(&set->attrs[set->label], a, label, sizeof(label));
	snprintf(inner, sizeof(inner), "%s%s%s%s", path, def->name, *label ? "." : "", label);
	strncat(inner, ".", sizeof(inner) - strlen(inner) - 1);
	print_attrs(set, inner, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest));
}

static void print_attrs(const struct set *set, const char *path, const struct nlattr *first,
			size_t len)
{
	const struct nlattr *a = first;
	char text[256];
	int left = len;

	for (; mnl_attr_ok(a, left); left -= MNL_ALIGN(a->nla_len), a = mnl_attr_next(a)) {
		const struct attr *def = NULL;

		if (mnl_attr_get_type(a) <= set->max)
			def = &set->attrs[mnl_attr_get_type(a)];
		if (!def || !def->name) {
			printf("%sunknown-%u=?\n", path, mnl_attr_get_type(a));
		} else if (def->kind == K_PAD) {
			continue;
		} else if (def->kind == K_FLAG) {
			printf("%s%s\n", path, def->name);
		} else if (def->kind == K_NEST && def->nested != &set_address) {
			print_nest(def, path, a);
		} else {
			format_value(def, a, text, sizeof(text));
			printf("%s%s=%s\n", path, def->name, text);
		}
	}
}

static void print_reply(const struct nlmsghdr *nlh, const struct set *set)
{
	size_t head = MNL_ALIGN(sizeof(struct genlmsghdr));
	uint8_t *data = mnl_nlmsg_get_payload(nlh);

	print_attrs(set, "", (const struct nlattr *)(data + head),
		    mnl_nlmsg_get_payload_len(nlh) - head);
}

/* One line; the counters of a deleted session are "END.rx/tx". */
static void print_event(const struct nlmsghdr *nlh)
{
	const struct nlattr *a;
	char text[256];

	if (nlh->nlmsg_type != family)
		return;
	printf("event");
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		unsigned int type = mnl_attr_get_type(a);
		const struct attr *def = type <= set_event.max ? &set_event.attrs[type] : NULL;

		if (!def || !def->name || def->kind == K_PAD)
			continue;
		if (type == JALUR_A_EVENT_END_STATS) {
			printf(" end-stats");
			continue;
		}
		format_value(def, a, text, sizeof(text));
		printf(" %s=%s", def->name, text);
	}
	printf("\n");
}

static const char *path_at(uint32_t offset, const struct set **set)
{
	unsigned int i;

	for (i = 0; i < req.count; i++) {
		if (req.marks[i].offset != offset)
			continue;
		*set = req.marks[i].set;
		return req.marks[i].path;
	}
	return NULL;
}

static void print_missing(uint32_t type, uint32_t nest, const struct set *top)
{
	const char *path = "";
	const struct set *set = top;

	if (nest)
		path = path_at(nest, &set);
	printf(" missing=%s%s%s", path ? path : "?", path && *path ? "." : "",
	       set && type <= set->max && set->attrs[type].name ? set->attrs[type].name : "?");
}

static const struct set *set_of_request(void)
{
	const struct genlmsghdr *genl =
		(const struct genlmsghdr *)(req.buf + sizeof(struct nlmsghdr));
	const struct command *c = commands;

	while (c->name && c->cmd != genl->cmd)
		c++;
	return c->set;
}

/* Of an error message, or of the end of a dump: what the kernel has to say. */
static void print_refusal(const struct nlmsghdr *nlh, int err)
{
	size_t skip = sizeof(int);
	uint32_t type = 0, nest = 0, offset = 0;
	const char *text = "", *path;
	const struct set *set = NULL;
	const struct nlattr *a;

	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		skip = sizeof(*e);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			skip += e->msg.nlmsg_len - sizeof(e->msg);
	}
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) {
		mnl_attr_for_each(a, nlh, skip) {
			switch (mnl_attr_get_type(a)) {
			case NLMSGERR_ATTR_MSG: text = mnl_attr_get_str(a); break;
			case NLMSGERR_ATTR_OFFS: offset = mnl_attr_get_u32(a); break;
			case NLMSGERR_ATTR_MISS_TYPE: type = mnl_attr_get_u32(a); break;
			case NLMSGERR_ATTR_MISS_NEST: nest = mnl_attr_get_u32(a); break;
			}
		}
	}
	printf("error %s", error_name(err));
	if (offset) {
		path = path_at(offset, &set);
		printf(" attr=%s", path ? path : "?");
	}
	if (type)
		print_missing(type, nest, set_of_request());
	printf(" text=\"%s\"\n", text);
}

#endif /* _SELFTESTS_NET_PRINT_H */
