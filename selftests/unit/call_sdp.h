/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parties of call_world.h offer and answer. */
#ifndef CALL_SDP_H
#define CALL_SDP_H

#define SDP_A "v=0\r\no=- 111 1 IN IP4 " IP_A "\r\ns=-\r\nc=IN IP4 " IP_A "\r\nt=0 0\r\n" \
	"m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n" \
	"a=rtpmap:101 telephone-event/8000\r\n"
#define SDP_B "v=0\r\no=- 222 1 IN IP4 " IP_B "\r\ns=-\r\nc=IN IP4 " IP_B "\r\nt=0 0\r\n" \
	"m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
#define SDP_C "v=0\r\no=- 333 1 IN IP4 " IP_C "\r\ns=-\r\nc=IN IP4 " IP_C "\r\nt=0 0\r\n" \
	"m=audio 7000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
#define SDP_A_HOLD "v=0\r\no=- 111 2 IN IP4 " IP_A "\r\ns=-\r\nc=IN IP4 " IP_A "\r\nt=0 0\r\n" \
	"m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=inactive\r\n"
#define SDP_B_HOLD "v=0\r\no=- 222 2 IN IP4 " IP_B "\r\ns=-\r\nc=IN IP4 " IP_B "\r\nt=0 0\r\n" \
	"m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=inactive\r\n"
#define SDP_A_RESUME "v=0\r\no=- 111 3 IN IP4 " IP_A "\r\ns=-\r\nc=IN IP4 " IP_A "\r\nt=0 0\r\n" \
	"m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
#define SDP_B_RESUME "v=0\r\no=- 222 3 IN IP4 " IP_B "\r\ns=-\r\nc=IN IP4 " IP_B "\r\nt=0 0\r\n" \
	"m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"

#endif
