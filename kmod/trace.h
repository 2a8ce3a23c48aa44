/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the packet path: a packet relayed, a packet dropped, an end
 * locked. They carry ids and figures, never a digit or a byte of the payload,
 * and no strings, whose macros differ between kernels.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM jalur

#if !defined(_JALUR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _JALUR_TRACE_H

#include <linux/tracepoint.h>

#include "jalur.h"

TRACE_EVENT(jalur_relay,
	    TP_PROTO(const struct jalur_end *from, const struct jalur_end *to,
		     const struct jalur_pkt *pkt),
	    TP_ARGS(from, to, pkt),
	    TP_STRUCT__entry(__field(u64, session)
			     __field(u64, from)
			     __field(u64, to)
			     __field(u32, ssrc)
			     __field(u32, timestamp)
			     __field(u16, seq)
			     __field(u16, len)
			     __field(u8, kind)
			     __field(u8, pt)),
	    TP_fast_assign(__entry->session = from->session->id;
			   __entry->from = from->id;
			   __entry->to = to->id;
			   __entry->ssrc = pkt->valid ? pkt->ssrc : 0;
			   __entry->timestamp = pkt->valid ? pkt->timestamp : 0;
			   __entry->seq = pkt->valid ? pkt->seq : 0;
			   __entry->len = pkt->len;
			   __entry->kind = pkt->kind;
			   __entry->pt = pkt->valid ? pkt->pt : 0;),
	    TP_printk("session=%016llx from=%llu to=%llu kind=%u len=%u pt=%u seq=%u timestamp=%u ssrc=%08x",
		      __entry->session, __entry->from, __entry->to, __entry->kind,
		      __entry->len, __entry->pt, __entry->seq, __entry->timestamp,
		      __entry->ssrc));

TRACE_EVENT(jalur_drop,
	    TP_PROTO(const struct jalur_end *from, const struct jalur_pkt *pkt,
		     int reason),
	    TP_ARGS(from, pkt, reason),
	    TP_STRUCT__entry(__field(u64, session)
			     __field(u64, from)
			     __array(u8, ip, 16)
			     __field(u16, port)
			     __field(u16, len)
			     __field(u8, family)
			     __field(u8, reason)),
	    TP_fast_assign(__entry->session = from->session->id;
			   __entry->from = from->id;
			   memcpy(__entry->ip, &pkt->src.ip, sizeof(__entry->ip));
			   __entry->port = ntohs(pkt->src.port);
			   __entry->len = pkt->len;
			   __entry->family = pkt->src.family;
			   __entry->reason = reason;),
	    TP_printk("session=%016llx from=%llu reason=%u family=%u source=%pI6c port=%u len=%u",
		      __entry->session, __entry->from, __entry->reason,
		      __entry->family, __entry->ip, __entry->port, __entry->len));

TRACE_EVENT(jalur_latch,
	    TP_PROTO(const struct jalur_end *end, const struct jalur_addr *remote),
	    TP_ARGS(end, remote),
	    TP_STRUCT__entry(__field(u64, session)
			     __field(u64, end)
			     __array(u8, ip, 16)
			     __field(u16, port)
			     __field(u8, family)),
	    TP_fast_assign(__entry->session = end->session->id;
			   __entry->end = end->id;
			   memcpy(__entry->ip, &remote->ip, sizeof(__entry->ip));
			   __entry->port = ntohs(remote->port);
			   __entry->family = remote->family;),
	    TP_printk("session=%016llx end=%llu family=%u remote=%pI6c port=%u",
		      __entry->session, __entry->end, __entry->family,
		      __entry->ip, __entry->port));

#endif /* _JALUR_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
