/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of a trunk: a part of the table in schema.c, which alone includes it.
 */
	KEY("trunks", NAMED, RELOAD(CALLS),
	    HELP("The SIP servers and peers that Jalur knows, each with a name. A request from "
		 "any other source is refused, or, where the realm has auth: digest, challenged.")),
	KEY("trunks.*", MAP, RELOAD(CALLS), HELP("One trunk.")),
	KEY("trunks.*.realm", NAME, REQUIRED, REFERS("realms"), RELOAD(CALLS), EXAMPLE("inside"),
	    HELP("Realm that the trunk is in.")),
	KEY("trunks.*.match", LIST, RELOAD(CALLS),
	    HELP("Source addresses that requests of this trunk come from. Where trunks overlap "
		 "the longest prefix wins.")),
	KEY("trunks.*.match[]", PREFIX, RELOAD(CALLS), EXAMPLE("192.0.2.0/24"),
	    HELP("An address or a prefix.")),
	KEY("trunks.*.tls-names", LIST, RELOAD(CALLS),
	    HELP("Or, whatever their address is: by a TLS connection whose client proved by its "
		 "certificate to be one of these (RFC 5922). The realm must ask for certificates "
		 "(tls.clients).")),
	KEY("trunks.*.tls-names[]", TEXT, RANGE(1, 253), RELOAD(CALLS), EXAMPLE("carrier.example"),
	    HELP("A domain, as it stands in the certificate.")),
	KEY("trunks.*.digest", MAP, RELOAD(CALLS),
	    HELP("Or: with the credentials of this subscriber, in a realm that has auth: digest. He "
		 "may then speak for others, as any trunk may.")),
	KEY("trunks.*.digest.domain", NAME, REQUIRED, REFERS("domains"), RELOAD(CALLS),
	    EXAMPLE("example.com"), HELP("His domain.")),
	KEY("trunks.*.digest.user", TOKEN, REQUIRED, RELOAD(CALLS), EXAMPLE("pbx"),
	    HELP("His name there.")),
	KEY("trunks.*.target", TARGET, RELOAD(CALLS), EXAMPLE("sip:10.0.0.2:5060"),
	    HELP("Where requests to this trunk are sent: a sip: or sips: URI with an IP address, or "
		 "with a name, which is looked up as RFC 3263 says (NAPTR, SRV, AAAA, A); its "
		 "addresses are tried one after the other. ;transport= may name udp, tcp, tls, "
		 "ws or wss; the last two mean the WebSocket that came from that address.")),
	KEY("trunks.*.targets", LIST, RELOAD(CALLS),
	    HELP("Instead of target, several. A call tries them one after the other, and of a name "
		 "every address; those that are down, or failed a short while ago, last.")),
	KEY("trunks.*.targets[]", MAP, RELOAD(CALLS), HELP("One target.")),
	KEY("trunks.*.targets[].uri", TARGET, REQUIRED, RELOAD(CALLS),
	    EXAMPLE("sip:10.0.0.2:5060"), HELP("As target.")),
	KEY("trunks.*.targets[].priority", NUMBER, DEFAULT("0"), RANGE(0, 65535), RELOAD(CALLS),
	    HELP("The lowest is tried first (RFC 2782).")),
	KEY("trunks.*.targets[].weight", NUMBER, DEFAULT("1"), RANGE(0, 65535), RELOAD(CALLS),
	    HELP("Of those with the same priority, one with twice the weight comes first twice as "
		 "often.")),
	KEY("trunks.*.failover", MAP, RELOAD(CALLS),
	    HELP("When the next address is tried, beside silence, an error of the transport and 503 "
		 "(RFC 3263 section 4.3), as long as the far side has not rung.")),
	KEY("trunks.*.failover.codes", LIST, RELOAD(CALLS),
	    HELP("After these responses, too.")),
	KEY("trunks.*.failover.codes[]", NUMBER, RANGE(400, 599), RELOAD(CALLS), EXAMPLE("500"),
	    HELP("Status of a response.")),
	KEY("trunks.*.failover.timeout", DURATION, RANGE(100 * NSEC_PER_MSEC, 32 * NSEC_PER_SEC),
	    RELOAD(CALLS), EXAMPLE("4s"),
	    HELP("After so long without any response to an INVITE, not even 100. Without it, after "
		 "64*T1.")),
	KEY("trunks.*.probe", MAP, RELOAD(NOW),
	    HELP("OPTIONS to each address of the trunk, of a name to every one, to know whether it "
		 "is there before a call is. When none is, no call is sent to the trunk.")),
	KEY("trunks.*.probe.interval", DURATION, DEFAULT("30s"), RANGE(NSEC_PER_SEC, HOUR),
	    RELOAD(NOW), HELP("How often, give or take a tenth.")),
	KEY("trunks.*.probe.timeout", DURATION, DEFAULT("4s"),
	    RANGE(100 * NSEC_PER_MSEC, 32 * NSEC_PER_SEC), RELOAD(NOW),
	    HELP("How long an answer may take; less than the interval.")),
	KEY("trunks.*.probe.down-after", NUMBER, DEFAULT("3"), RANGE(1, 100), RELOAD(NOW),
	    HELP("So many in a row without an answer, and the address is down.")),
	KEY("trunks.*.probe.up-after", NUMBER, DEFAULT("2"), RANGE(1, 100), RELOAD(NOW),
	    HELP("So many answers in a row, and it is up again. The first answer of all will do.")),
	KEY("trunks.*.probe.codes", LIST, RELOAD(NOW),
	    HELP("Responses that are none, beside 503. Any other shows that somebody is there.")),
	KEY("trunks.*.probe.codes[]", NUMBER, RANGE(400, 599), RELOAD(NOW), EXAMPLE("500"),
	    HELP("Status of a response.")),
	KEY("trunks.*.register", MAP, RELOAD(NOW),
	    HELP("Jalur registers itself at the trunk (RFC 3261 section 10), with its credentials, "
		 "so that calls come from there. It goes to the targets, as calls do. It is taken "
		 "back when jalurd stops, unless calls are kept.")),
	KEY("trunks.*.register.aor", TEXT, REQUIRED, RANGE(1, 255), RELOAD(NOW),
	    EXAMPLE("sip:4930123@carrier.example"),
	    HELP("What is registered: a sip: or sips: URI. The domain in it is the registrar's.")),
	KEY("trunks.*.register.contact", TOKEN, RELOAD(NOW), EXAMPLE("4930123"),
	    HELP("User part of the Contact, which the trunk sends calls to. Without it, that of "
		 "aor.")),
	KEY("trunks.*.register.expires", DURATION, DEFAULT("1h"),
	    RANGE(60 * NSEC_PER_SEC, 24 * HOUR), RELOAD(NOW),
	    HELP("For how long, if the registrar will; it may grant another time, or ask for a "
		 "longer one (423). At half to three quarters of it the registration is "
		 "refreshed.")),
	KEY("trunks.*.register.retry", DURATION, DEFAULT("30s"), RANGE(NSEC_PER_SEC, HOUR),
	    RELOAD(NOW), HELP("How long after a failure it is tried again, at most; after each "
			      "further one twice as long (RFC 5626 section 4.5).")),
	KEY("trunks.*.register.retry-max", DURATION, DEFAULT("30m"), RANGE(NSEC_PER_SEC, 24 * HOUR),
	    RELOAD(NOW), HELP("But never longer than this, unless it says Retry-After.")),
	KEY("trunks.*.limits", MAP, RELOAD(CALLS),
	    HELP("How many calls it may have. What is beyond is refused with 503 and Retry-After "
		 "if it comes from the trunk; if it goes there, the route's next destinations are "
		 "tried first.")),
	KEY("trunks.*.limits.calls", NUMBER, RANGE(1, 1000000), RELOAD(CALLS), EXAMPLE("30"),
	    HELP("At the same time, both ways together; a call that comes from the trunk and goes "
		 "back there is two.")),
	KEY("trunks.*.limits.rate", NUMBER, RANGE(1, 100000), RELOAD(CALLS), EXAMPLE("10"),
	    HELP("New ones in a second, whichever second it is, both ways together.")),
	KEY("trunks.*.limits.duration", DURATION, RANGE(NSEC_PER_SEC, 240 * HOUR), RELOAD(CALLS),
	    EXAMPLE("2h"), HELP("How long its calls may last, if that is shorter than "
				"timers.max-duration. Not for emergency calls.")),
	KEY("trunks.*.large", CHOICE, DEFAULT("stream"), CHOICES(larges), RELOAD(CALLS),
	    HELP("How a request above 1300 bytes goes to a trunk that is reached by UDP: stream, by "
		 "TCP if the realm has a listener for it and the trunk takes it (RFC 3261 "
		 "section 18.1.1); datagram, by UDP all the same.")),
	KEY("trunks.*.credentials", MAP, RELOAD(CALLS),
	    HELP("Who Jalur is to this trunk, for digest authentication (RFC 7616): a 401 or 407 to "
		 "its requests is answered with them. Without them the caller gets it.")),
	KEY("trunks.*.credentials.user", TEXT, REQUIRED, RANGE(1, 255), RELOAD(CALLS),
	    EXAMPLE("jalur"), HELP("User name.")),
	KEY("trunks.*.credentials.password-file", SECRET, REQUIRED, RELOAD(CALLS),
	    EXAMPLE("/etc/jalur/carrier.secret"),
	    HELP("File whose one line is the password. Only its owner, and if need be a group, may "
		 "be able to read it (mode 0600 or 0640).")),
	KEY("trunks.*.credentials.realm", TEXT, RANGE(1, 255), RELOAD(CALLS),
	    EXAMPLE("carrier.example"),
	    HELP("Realm of the challenge that may be answered. Without it, any.")),

	KEY("trunks.*.causes", LIST, RELOAD(CALLS),
	    HELP("Causes of Q.850 that this trunk has other numbers for, in Reason: they are "
		 "changed on the way there and back.")),
	KEY("trunks.*.causes[]", MAP, RELOAD(CALLS), HELP("One cause.")),
	KEY("trunks.*.causes[].ours", NUMBER, REQUIRED, RANGE(1, 127), RELOAD(CALLS),
	    EXAMPLE("34"), HELP("As Jalur and its call records have it (RFC 3398).")),
	KEY("trunks.*.causes[].theirs", NUMBER, REQUIRED, RANGE(1, 127), RELOAD(CALLS),
	    EXAMPLE("42"), HELP("As the trunk has it.")),
	KEY("trunks.*.transfer", CHOICE, DEFAULT("off"), CHOICES(transfers), RELOAD(CALLS),
	    HELP("What becomes of a REFER of this trunk in a call; as transfer of a realm, which says "
		 "nothing of trunks. With handle it can make Jalur call whoever the routes lead "
		 "it to, at the cost of whose routes these are; with pass the other party of a "
		 "call can make it call whoever it can reach.")),
	KEY("trunks.*.rtp-stat", CHOICE, DEFAULT("never"), CHOICES(rtp_stats), RELOAD(CALLS),
	    HELP("With bye, the 200 to a BYE of this trunk tells in P-RTP-Stat what was sent and "
		 "received.")),
