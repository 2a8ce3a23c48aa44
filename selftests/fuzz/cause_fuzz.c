// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as header lines with Reason: a cause of Q.850, or none, read within
 * the bytes, and the same again when other headers stand before it.
 */
#include <stdlib.h>

#include "call/record.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const char other[] = "Subject: x\r\n";
	u16 cause = call_cause_of_headers(slice_of((const char *)data, size));
	char *text = malloc(sizeof(other) - 1 + size);

	if (cause > 127 || !text)
		abort();
	memcpy(text, other, sizeof(other) - 1);
	if (size)
		memcpy(text + sizeof(other) - 1, data, size);
	if (call_cause_of_headers(slice_of(text, sizeof(other) - 1 + size)) != cause)
		abort();
	free(text);
	return 0;
}
