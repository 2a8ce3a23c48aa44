// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Was an event lost? The module numbers them all; ours that are not sent to us have their
 * numbers told with the answer to the command, which may overtake events that were sent
 * before. So these numbers wait, in order and as ranges, until their turn has come.
 */
#include <string.h>

#include "media/kernel_private.h"

static void drop_first(struct kernel_sequence *s)
{
	memmove(s->spared, s->spared + 1, --s->nspared * sizeof(s->spared[0]));
}

void kernel_sequence_spare(struct kernel_sequence *s, u64 number)
{
	if (s->nspared && s->spared[s->nspared - 1].last + 1 == number) {
		s->spared[s->nspared - 1].last = number;
		return;
	}
	if (s->nspared == KERNEL_SPARED)
		drop_first(s);		/* will look like a loss, which is safe */
	s->spared[s->nspared].first = s->spared[s->nspared].last = number;
	s->nspared++;
}

bool kernel_sequence_take(struct kernel_sequence *s, u64 number)
{
	bool lost;

	while (s->next && s->nspared && s->spared[0].first == s->next) {
		s->next = s->spared[0].last + 1;
		drop_first(s);
	}
	lost = s->next && number != s->next;
	s->next = number + 1;
	while (s->nspared && s->spared[0].last < number)
		drop_first(s);
	return !lost;
}

void kernel_sequence_forget(struct kernel_sequence *s)
{
	s->next = 0;
	s->nspared = 0;
}
