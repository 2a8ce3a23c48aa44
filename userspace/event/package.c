// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The packages: see package.h.
 */
#include <stdio.h>

#include "event/document.h"
#include "sip/chars.h"

const struct event_kind event_kinds[EVENT_PACKAGES] = {
	[EVENT_PRESENCE] = { "presence", "application/pidf+xml", event_pidf_print },
	[EVENT_REG] = { "reg", "application/reginfo+xml", event_reginfo_print },
	[EVENT_DIALOG] = { "dialog", "application/dialog-info+xml", event_dialog_info_print },
};

/* Byte by byte (RFC 6665 §8.2.1). */
enum event_package event_package_of(struct slice name)
{
	enum event_package p;

	for (p = 0; p < EVENT_PACKAGES; p++)
		if (slice_eq(name, slice_str(event_kinds[p].name)))
			break;
	return p;
}

bool event_policy_serves(const struct event_policy *p, enum event_package package)
{
	switch (package) {
	case EVENT_PRESENCE:
		return p->presence;
	case EVENT_REG:
		return p->reg != EVENT_REG_NONE;
	case EVENT_DIALOG:
		return p->dialog;
	case EVENT_PACKAGES:
		break;
	}
	return false;
}

bool event_entity(const char *aor, char entity[EVENT_ENTITY])
{
	const char *at = strrchr(aor, '@');
	size_t n = (size_t)sprintf(entity, "sip:");

	if (!at || 3 * (size_t)(at - aor) + strlen(at) + n >= EVENT_ENTITY)
		return false;
	for (; aor < at; aor++) {
		if (sip_char_is(*aor, SIP_CHAR_USER))
			entity[n++] = *aor;
		else
			n += (size_t)sprintf(entity + n, "%%%02X", (u8)*aor);
	}
	strcpy(entity + n, at);
	return true;
}
