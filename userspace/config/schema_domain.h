/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of a domain: a part of the table in schema.c, which alone includes it.
 */
	KEY("domains", NAMED, RELOAD(CALLS),
	    HELP("The SIP domains whose registrar Jalur is: what is behind the @ of their "
		 "subscribers' URIs.")),
	KEY("domains.*", MAP, RELOAD(CALLS), HELP("One domain.")),
	KEY("domains.*.realms", LIST, REQUIRED, RELOAD(CALLS),
	    HELP("Where its subscribers are; each must have auth: digest.")),
	KEY("domains.*.realms[]", NAME, REFERS("realms"), RELOAD(CALLS), EXAMPLE("outside"),
	    HELP("A realm.")),
	KEY("domains.*.auth-realm", TEXT, RANGE(1, 127), RELOAD(CALLS), EXAMPLE("example.com"),
	    HELP("Realm of its challenges, which is part of every HA1. Without it, the name of the "
		 "domain.")),
	KEY("domains.*.algorithms", LIST, RELOAD(CALLS),
	    HELP("The only ones that its challenges offer, for phones that cannot choose. Without "
		 "it, all that its users have.")),
	KEY("domains.*.algorithms[]", CHOICE, CHOICES(algorithms), RELOAD(CALLS), EXAMPLE("md5"),
	    HELP("An algorithm of digest authentication (RFC 7616, RFC 8760).")),
	KEY("domains.*.identity", CHOICE, DEFAULT("reject"), CHOICES(identities), RELOAD(CALLS),
	    HELP("What becomes of a request whose From, P-Asserted-Identity, "
		 "P-Preferred-Identity or Contact names somebody else than the subscriber who sent "
		 "it: reject, 403; rewrite, it goes on as his.")),
	KEY("domains.*.flows", CHOICE, DEFAULT("streams"), CHOICES(flows), RELOAD(CALLS),
	    HELP("Whether a request by the flow of a registration is his who registered: "
		 "challenged, it is challenged like any other; streams, it is when the flow is a "
		 "connection; trusted, by UDP too, where addresses can be forged.")),
	KEY("domains.*.limits", MAP, RELOAD(CALLS), HELP("Of each subscriber.")),
	KEY("domains.*.limits.calls", NUMBER, DEFAULT("0"), RANGE(0, 1000000), RELOAD(CALLS),
	    HELP("Calls that he may make at the same time; above it 486. Those that come to him "
		 "do not count. 0: no limit.")),
	KEY("domains.*.limits.duration", DURATION, DEFAULT("0s"), RANGE(0, 240 * HOUR),
	    RELOAD(CALLS), HELP("How long calls that he makes may last, if that is shorter than "
				"timers.max-duration. 0s: no limit of his own.")),
	KEY("domains.*.register", MAP, ALWAYS, RELOAD(CALLS),
	    HELP("How its subscribers register (RFC 3261 section 10); what was registered before "
		 "a reload stays as it was.")),
	KEY("domains.*.register.expires", MAP, ALWAYS, RELOAD(CALLS),
	    HELP("How long a contact holds.")),
	KEY("domains.*.register.expires.min", DURATION, DEFAULT("60s"), RANGE(NSEC_PER_SEC, HOUR),
	    RELOAD(CALLS), HELP("What is asked for below it is refused with 423, which says so.")),
	KEY("domains.*.register.expires.max", DURATION, DEFAULT("2h"), RANGE(MINUTE, WEEK),
	    RELOAD(CALLS), HELP("What is asked for above it is granted for so long.")),
	KEY("domains.*.register.expires.default", DURATION, DEFAULT("1h"),
	    RANGE(MINUTE, WEEK), RELOAD(CALLS), HELP("When nothing is asked for.")),
	KEY("domains.*.register.contacts", NUMBER, DEFAULT("10"), RANGE(1, REGISTRAR_CONTACTS),
	    RELOAD(CALLS), HELP("That a subscriber may have at the same time; above it 403.")),
	KEY("domains.*.register.nat", CHOICE, DEFAULT("detect"), CHOICES(nats), RELOAD(CALLS),
	    HELP("Which contacts are behind a NAT, so that calls take the way that their REGISTER "
		 "came: detect, those whose Contact or Via names another address than it came "
		 "from; always, all.")),
	KEY("domains.*.register.keepalive", CHOICE, DEFAULT("options"), CHOICES(keepalives),
	    RELOAD(CALLS),
	    HELP("What is sent to contacts behind a NAT or by a connection, so that the way stays "
		 "open: none; options, and who does not answer three times in a row is gone; "
		 "crlf, an empty line.")),
	KEY("domains.*.register.interval", DURATION, DEFAULT("30s"), RANGE(5 * NSEC_PER_SEC, HOUR),
	    RELOAD(CALLS), HELP("Between two of them; each comes up to a quarter earlier.")),
	KEY("domains.*.register.fork", CHOICE, DEFAULT("q"), CHOICES(register_forks),
	    RELOAD(CALLS),
	    HELP("How the contacts of a subscriber are called: q, those with the highest q "
		 "first, the next when these have failed; parallel, all at once.")),
	KEY("domains.*.register.ring", DURATION, DEFAULT("20s"), RANGE(0, HOUR), RELOAD(CALLS),
	    HELP("How long contacts ring before those with a lower q are called instead; the "
		 "last ones ring as long as timers.ring lets them. 0s: until they fail.")),
	KEY("domains.*.register.service-routes", LIST, RELOAD(CALLS),
	    HELP("Service-Route of a 200 to REGISTER (RFC 3608): where a phone sends its "
		 "requests.")),
	KEY("domains.*.register.service-routes[]", TEXT, RANGE(5, 255), RELOAD(CALLS),
	    EXAMPLE("sip:192.0.2.1;lr"), HELP("A SIP URI with lr.")),
	KEY("domains.*.events", MAP, ALWAYS, RELOAD(CALLS),
	    HELP("What may be watched of its subscribers (SUBSCRIBE, RFC 6665); in all there are "
		 "100000 subscriptions at most.")),
	KEY("domains.*.events.presence", CHOICE, DEFAULT("off"), CHOICES(off_on), RELOAD(CALLS),
	    HELP("Whether its subscribers see each other's presence (RFC 3856): open for each "
		 "contact that is registered, without its address.")),
	KEY("domains.*.events.reg", CHOICE, DEFAULT("own"), CHOICES(event_regs), RELOAD(CALLS),
	    HELP("Who may watch registrations, addresses included (RFC 3680): none, nobody; own, "
		 "a subscriber his own; trunks, and every trunk those of all.")),
	KEY("domains.*.events.dialog", CHOICE, DEFAULT("off"), CHOICES(off_on), RELOAD(CALLS),
	    HELP("Whether its subscribers see who of them is in a call, or called (RFC 4235): busy "
		 "lamps.")),
	KEY("domains.*.events.dialog-identities", CHOICE, DEFAULT("hidden"),
	    CHOICES(hidden_shown), RELOAD(CALLS),
	    HELP("Whether they also see with whom: shown, the number or name, never an address.")),
	KEY("domains.*.events.expires", MAP, ALWAYS, RELOAD(CALLS),
	    HELP("How long a subscription lasts unless it is refreshed.")),
	KEY("domains.*.events.expires.min", DURATION, DEFAULT("60s"), RANGE(NSEC_PER_SEC, HOUR),
	    RELOAD(CALLS), HELP("What is asked for below it is refused with 423, which says so.")),
	KEY("domains.*.events.expires.max", DURATION, DEFAULT("2h"), RANGE(MINUTE, WEEK),
	    RELOAD(CALLS), HELP("What is asked for above it is granted for so long.")),
	KEY("domains.*.events.expires.default", DURATION, DEFAULT("1h"), RANGE(MINUTE, WEEK),
	    RELOAD(CALLS), HELP("When nothing is asked for.")),
	KEY("domains.*.events.interval", DURATION, DEFAULT("500ms"), RANGE(0, HOUR),
	    RELOAD(CALLS),
	    HELP("Between two NOTIFYs of a subscription: what changes meanwhile is told at once "
		 "after it.")),
	KEY("domains.*.events.subscriptions", NUMBER, DEFAULT("100"), RANGE(1, 100000),
	    RELOAD(CALLS),
	    HELP("That a watcher may have at the same time; above it 403. A trunk is one "
		 "watcher. Those that Jalur carries to somebody else are counted apart; a trunk "
		 "may have as many of them as there is room for.")),
	KEY("domains.*.subscribers", LIST, RELOAD(CALLS),
	    HELP("Its subscribers, beside those in the store, which jalurctl subscriber adds and "
		 "takes away. One that is in both is the one here.")),
	KEY("domains.*.subscribers[]", MAP, RELOAD(CALLS),
	    HELP("One subscriber: with password-file, or with one or more ha1- files.")),
	KEY("domains.*.subscribers[].user", TOKEN, REQUIRED, RELOAD(CALLS), EXAMPLE("alice"),
	    HELP("User part of his URI, and his name in credentials.")),
	KEY("domains.*.subscribers[].password-file", SECRET, RELOAD(CALLS),
	    EXAMPLE("/etc/jalur/alice.secret"),
	    HELP("File whose one line is his password, of which only the hashes are kept. Only its "
		 "owner, and if need be a group, may be able to read it (mode 0600 or 0640), and so "
		 "for those below.")),
	KEY("domains.*.subscribers[].ha1-md5-file", SECRET, RELOAD(CALLS),
	    EXAMPLE("/etc/jalur/alice.md5"),
	    HELP("File whose one line is HA1, the hash of user:auth-realm:password, in hex: by "
		 "MD5.")),
	KEY("domains.*.subscribers[].ha1-sha-256-file", SECRET, RELOAD(CALLS),
	    EXAMPLE("/etc/jalur/alice.sha-256"), HELP("The same by SHA-256.")),
	KEY("domains.*.subscribers[].ha1-sha-512-256-file", SECRET, RELOAD(CALLS),
	    EXAMPLE("/etc/jalur/alice.sha-512-256"), HELP("The same by SHA-512/256.")),
