// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any datagram, through all that the kernel asks of it. Besides memory errors,
 * which the sanitizers see, what must hold: a header ends inside its packet, a
 * compound that is valid is walked to its end, and every report block of it
 * lies in its packet.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jalur/rtp.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void walk_rtcp(const __u8 *data, __u32 len)
{
	struct rtcp_cursor cursor = { .data = data, .len = len };
	struct rtcp_packet packet;
	struct rtcp_report report;
	unsigned int packets = 0;

	while (rtcp_next(&cursor, &packet)) {
		packets++;
		check(packet.data >= data);
		check(packet.data + packet.len <= data + len);
		(void)rtcp_sender(&packet);
		if (packet.type == RTCP_SR)
			(void)rtcp_sr_ntp(&packet);
		for (__u32 i = 0; rtcp_report_parse(&packet, i, &report); i++)
			check(report.lost >= -(1 << 23) &&
			      report.lost < 1 << 23);
	}
	check(packets && cursor.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtp_header header;
	__u32 len = size > 65507 ? 65507 : (__u32)size;
	__u32 avail = len < RTP_HEADER_MAX ? len : RTP_HEADER_MAX;
	/* what the kernel may read is all that is there */
	__u8 *head = malloc(avail ? avail : 1);

	memcpy(head, data, avail);
	(void)rtp_kind(head, avail);
	if (rtp_header_parse(head, avail, len, &header)) {
		check(header.len <= len);
		if (header.padding)
			(void)rtp_padding_valid(&header, len, data[len - 1]);
	}
	free(head);
	if (rtcp_valid(data, len))
		walk_rtcp(data, len);
	return 0;
}
