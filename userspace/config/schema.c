// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one table of the configuration: what may stand in the file, with type,
 * range, default, effect of a reload and a sentence of help. Reading, defaults,
 * hints, the manual page and the JSON Schema are all made of it, so that they
 * cannot disagree. A path names a key; ".*" stands for any name, "[]" for each
 * item of a list.
 */
#include <inttypes.h>

#include "base/timer.h"
#include "call/route.h"
#include "config/schema.h"

#define MINUTE (60 * NSEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define WEEK (168 * HOUR)

static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };
/* In the order of enum call_redirection. */
static const char *const redirections[] = { "pass", "follow", NULL };
/* In the order of enum call_early_media. */
static const char *const early_medias[] = { "first", "latest", "none", NULL };
static const char *const on_stops[] = { "keep", "hangup", NULL };
static const char *const relays[] = { "kernel", "userspace", "auto", NULL };
/* In the order of enum store_sync. */
static const char *const syncs[] = { "crash", "power", NULL };
/* In the order of enum transport, enum config_clients. */
static const char *const transports[] = { "udp", "tcp", "tls", "ws", "wss", NULL };
static const char *const clients[] = { "anonymous", "asked", "required", NULL };
static const char *const yes_no[] = { "no", "yes", NULL };
static const char *const larges[] = { "stream", "datagram", NULL };
static const char *const trusts[] = { "none", "full", NULL };
static const char *const rtp_stats[] = { "never", "bye", NULL };
/* In the order of enum call_transfer_mode. */
static const char *const transfers[] = { "off", "handle", "pass", NULL };
static const char *const auths[] = { "none", "digest", NULL };
/* In the order of enum call_identity, enum call_flow_trust. */
/* In the order of enum sip_digest_alg. */
static const char *const algorithms[] = { "md5", "sha-256", "sha-512-256", NULL };
static const char *const identities[] = { "reject", "rewrite", NULL };
/* In the order of enum registrar_keepalive; the others are bools. */
static const char *const keepalives[] = { "none", "options", "crlf", NULL };
static const char *const nats[] = { "detect", "always", NULL };
static const char *const register_forks[] = { "parallel", "q", NULL };
/* Bools but for the last, which is in the order of enum event_reg. */
static const char *const off_on[] = { "off", "on", NULL };
static const char *const hidden_shown[] = { "hidden", "shown", NULL };
static const char *const event_regs[] = { "none", "own", "trunks", NULL };
static const char *const flows[] = { "challenged", "streams", "trusted", NULL };
static const char *const latches[] = { "strict", "port", "any", NULL };

#define KEY(p, t, ...) { .path = (p), .type = SCHEMA_##t, __VA_ARGS__ }
#define REQUIRED .required = true
#define DEFAULT(text) .initial = (text)
#define ALWAYS .always = true
#define RANGE(from, to) .min = (from), .max = (to)
#define CHOICES(list) .choices = (list)
#define REFERS(to) .refers = (to)
#define RELOAD(class) .reload = SCHEMA_RELOAD_##class
#define HELP(text) .help = (text)
#define EXAMPLE(text) .example = (text)

const struct schema_item schema[] = {
	KEY("", MAP, RELOAD(NOW), HELP("The whole file.")),
	KEY("node", NUMBER, DEFAULT("1"), RANGE(1, 4095), RELOAD(RESTART),
	    HELP("Number of this node. It is part of every call's id, and the owner under which "
		 "the kernel keeps the media sessions; keep it the same across restarts.")),
	KEY("control", TEXT, DEFAULT("/run/jalur/control"), RANGE(1, 107), RELOAD(RESTART),
	    HELP("Path of the control socket, which jalurctl speaks to.")),
	KEY("control-group", TEXT, DEFAULT("jalur"), RANGE(1, 63), RELOAD(RESTART),
	    HELP("Group whose members may use the control socket.")),
	KEY("log-level", CHOICE, DEFAULT("info"), CHOICES(log_levels), RELOAD(NOW),
	    HELP("The least important messages that are logged.")),
	KEY("on-stop", CHOICE, DEFAULT("hangup"), CHOICES(on_stops), RELOAD(NOW),
	    HELP("What becomes of calls when jalurd is stopped: hangup ends them with BYE, keep "
		 "leaves their media in the kernel: a jalurd that is started again goes on with "
		 "them if there is a store, else it goes when it falls silent. Media that jalurd "
		 "relays itself ends with it, so that calls are then hung up in any case.")),
	KEY("relay", CHOICE, DEFAULT("kernel"), CHOICES(relays), RELOAD(RESTART),
	    HELP("Who relays media: kernel, the module jalur.ko; userspace, sockets of jalurd, for "
		 "hosts without the module; auto, the kernel if it can, else userspace, and the log "
		 "says which and why.")),

	KEY("cdr", MAP, RELOAD(RESTART), HELP("Call detail records.")),
	KEY("cdr.file", TEXT, RANGE(1, 4095), RELOAD(RESTART), EXAMPLE("/var/log/jalur/cdr.json"),
	    HELP("Where they are written: a line of JSON for every INVITE outside a call, refused "
		 "ones too, as Documentation/schema/cdr.json says. Opened again at SIGHUP, so that "
		 "logrotate can move it. Without it, none are written.")),
	KEY("cdr.ring", NUMBER, DEFAULT("4096"), RANGE(16, 1048576), RELOAD(RESTART),
	    HELP("How many may wait for the disk. Calls do not: records that do not fit are lost "
		 "and counted.")),

	KEY("store", MAP, RELOAD(RESTART), HELP("What outlives the daemon.")),
	KEY("store.file", TEXT, RANGE(1, 4095), RELOAD(RESTART), EXAMPLE("/var/lib/jalur/store"),
	    HELP("An SQLite file, made if it is missing, for the calls that are there: a jalurd "
		 "that is started again goes on with those that were up. It holds what was "
		 "signalled and is readable by its owner alone. Without it, calls end with "
		 "jalurd, or lose their signalling.")),
	KEY("store.sync", CHOICE, DEFAULT("crash"), CHOICES(syncs), RELOAD(RESTART),
	    HELP("What a change is safe from as soon as it is written: crash, the end of jalurd; "
		 "power, also that of the machine, for which each write waits for the disk.")),
	KEY("store.waiting", NUMBER, DEFAULT("65536"), RANGE(16, 16777216), RELOAD(RESTART),
	    HELP("How many changes may wait for the disk. Calls do not: changes beyond are lost and "
		 "counted.")),

	KEY("realms", NAMED, REQUIRED, RELOAD(CALLS),
	    HELP("The networks that Jalur stands between, each with a name: where it listens for "
		 "signalling and which addresses and ports media uses.")),
	KEY("realms.*", MAP, RELOAD(CALLS), HELP("One realm.")),
	KEY("realms.*.signalling", LIST, REQUIRED, RELOAD(RESTART),
	    HELP("Where Jalur listens for SIP in this realm.")),
	KEY("realms.*.signalling[]", MAP, RELOAD(RESTART), HELP("One listener.")),
	KEY("realms.*.signalling[].address", ADDRESS, REQUIRED, RELOAD(RESTART),
	    EXAMPLE("192.0.2.1"), HELP("Local address.")),
	KEY("realms.*.signalling[].port", NUMBER, RANGE(1, 65535), RELOAD(RESTART),
	    EXAMPLE("5060"), HELP("Local port. Without it 5060 for udp and tcp, 5061 for tls, 80 for "
				  "ws, 443 for wss.")),
	KEY("realms.*.signalling[].transport", CHOICE, DEFAULT("udp"), CHOICES(transports),
	    RELOAD(RESTART), HELP("Transport protocol: udp; tcp; tls, which is TLS 1.2 or 1.3 over "
				  "TCP; ws and wss, WebSockets without and with TLS (RFC 7118).")),
	KEY("realms.*.signalling[].origins", LIST, RELOAD(RESTART),
	    HELP("Of ws and wss: the pages that may connect, as browsers name them (RFC 6454). "
		 "Without it, any; a client that is no browser names none, and may.")),
	KEY("realms.*.signalling[].origins[]", TEXT, RANGE(1, 255), RELOAD(RESTART),
	    EXAMPLE("https://phone.example"), HELP("Scheme, host and, if it is not the scheme's "
						   "own, port.")),
	KEY("realms.*.signalling[].advertise", ADDRESS, RELOAD(RESTART), EXAMPLE("198.51.100.7"),
	    HELP("Address that Via and Contact give instead of the local one, for a host "
		 "behind a static NAT.")),
	KEY("realms.*.tls", MAP, RELOAD(NOW),
	    HELP("TLS in this realm, as a server and as a client. All files are read again at "
		 "SIGHUP, for connections to come.")),
	KEY("realms.*.tls.certificates", LIST, RELOAD(NOW),
	    HELP("Who Jalur is. A client that names a server (SNI) is shown the first certificate "
		 "for that name, any other the first of all.")),
	KEY("realms.*.tls.certificates[]", MAP, RELOAD(NOW), HELP("One certificate.")),
	KEY("realms.*.tls.certificates[].certificate", FILE, REQUIRED, RANGE(1, 4095), RELOAD(NOW),
	    EXAMPLE("/etc/jalur/outside.pem"), HELP("PEM: the certificate, then its chain.")),
	KEY("realms.*.tls.certificates[].key", KEY, REQUIRED, RANGE(1, 4095), RELOAD(NOW),
	    EXAMPLE("/etc/jalur/outside.key"),
	    HELP("PEM: its private key, not encrypted. Only its owner, and if need be a group, may "
		 "be able to read it (mode 0600 or 0640).")),
	KEY("realms.*.tls.ca", FILE, RANGE(1, 4095), RELOAD(NOW), EXAMPLE("/etc/jalur/ca.pem"),
	    HELP("Whom to believe: a file or a directory of CA certificates. Without it, the "
		 "system's.")),
	KEY("realms.*.tls.clients", CHOICE, DEFAULT("anonymous"), CHOICES(clients), RELOAD(NOW),
	    HELP("Whether clients must show a certificate: anonymous, they are not asked; asked, "
		 "one that is shown must be good; required.")),
	KEY("realms.*.tls.verify", CHOICE, DEFAULT("yes"), CHOICES(yes_no), RELOAD(NOW),
	    HELP("Whether a server that Jalur connects to must prove to be the one that it should "
		 "be (RFC 5922). With no, anybody can be it.")),
	KEY("realms.*.tls.present", CHOICE, DEFAULT("yes"), CHOICES(yes_no), RELOAD(NOW),
	    HELP("Whether servers that ask are shown the first certificate.")),
	KEY("realms.*.media", LIST, REQUIRED, RELOAD(CALLS),
	    HELP("Addresses and ports for RTP and RTCP in this realm.")),
	KEY("realms.*.media[]", MAP, RELOAD(CALLS), HELP("One address and its ports.")),
	KEY("realms.*.media[].address", ADDRESS, REQUIRED, RELOAD(CALLS), EXAMPLE("192.0.2.1"),
	    HELP("Local address.")),
	KEY("realms.*.media[].advertise", ADDRESS, RELOAD(CALLS), EXAMPLE("198.51.100.7"),
	    HELP("Address that SDP gives instead of the local one.")),
	KEY("realms.*.media[].ports", PORTS, REQUIRED, RANGE(1024, 65535), RELOAD(CALLS),
	    EXAMPLE("20000-29999"),
	    HELP("First and last port. A stream takes an even port for RTP and the next one for "
		 "RTCP. Reserve the range in net.ipv4.ip_local_reserved_ports.")),
	KEY("realms.*.latch", CHOICE, DEFAULT("port"), CHOICES(latches), RELOAD(CALLS),
	    HELP("Which source a media packet may come from: strict, exactly the one that SDP "
		 "gave; port, that address, its port learned once; any, the first valid source. "
		 "Once learned, the source is locked.")),

	KEY("realms.*.codecs", MAP, RELOAD(CALLS),
	    HELP("Which codecs offers and answers of this realm may have, in either direction: names "
		 "as in a=rtpmap, such as PCMA, opus or L16/44100. An m= line that is left without a "
		 "codec is rejected, an offer without an m= line refused with 488.")),
	KEY("realms.*.codecs.allow", LIST, RELOAD(CALLS),
	    HELP("Only these. Telephone events, comfort noise and repair (RFC 4588, RFC 5109) "
		 "pass beside them.")),
	KEY("realms.*.codecs.allow[]", TEXT, RANGE(1, 31), RELOAD(CALLS), EXAMPLE("PCMA"),
	    HELP("Name of a codec.")),
	KEY("realms.*.codecs.deny", LIST, RELOAD(CALLS), HELP("Not these.")),
	KEY("realms.*.codecs.deny[]", TEXT, RANGE(1, 31), RELOAD(CALLS), EXAMPLE("G729"),
	    HELP("Name of a codec.")),
	KEY("realms.*.codecs.order", LIST, RELOAD(CALLS),
	    HELP("These come first, in this order, in offers to this realm.")),
	KEY("realms.*.codecs.order[]", TEXT, RANGE(1, 31), RELOAD(CALLS), EXAMPLE("opus"),
	    HELP("Name of a codec.")),
	KEY("realms.*.trust", CHOICE, DEFAULT("none"), CHOICES(trusts), RELOAD(CALLS),
	    HELP("With full, what comes from this realm about who is calling is believed, and told "
		 "to other trusted realms (RFC 3325): P-Asserted-Identity, History-Info, Diversion, "
		 "and headers that Jalur does not know. To a realm without trust, Jalur "
		 "does what Privacy asks for.")),
	KEY("realms.*.auth", CHOICE, DEFAULT("none"), CHOICES(auths), RELOAD(CALLS),
	    HELP("What a request must have that no trunk sends: none, it is refused; digest, it is "
		 "challenged (RFC 3261 section 22), and taken from a subscriber of a domain that "
		 "this realm serves.")),
	KEY("realms.*.transfer", CHOICE, DEFAULT("off"), CHOICES(transfers), RELOAD(CALLS),
	    HELP("What becomes of a REFER (RFC 3515) in a call from this realm, of who is no trunk: "
		 "off, it is refused with 403; handle, Jalur calls whom it names, by the routes "
		 "and with the rights and limits of who sent it, and puts the other party "
		 "through, who needs no REFER for that; pass, it goes to the other party, who "
		 "then calls by his own rights, if pass stands on his side, too, else it is "
		 "refused with 403. With pass a REFER outside of calls goes by the routes, to who "
		 "has pass, too.")),
	KEY("realms.*.headers", MAP, RELOAD(CALLS),
	    HELP("Headers that are treated otherwise than trust says.")),
	KEY("realms.*.headers.pass", LIST, RELOAD(CALLS),
	    HELP("Of those that Jalur does not know, these pass, from this realm and to it. They "
		 "do not when an address or an identifier of their side is in them.")),
	KEY("realms.*.headers.pass[]", TOKEN, RELOAD(CALLS), EXAMPLE("X-Account"),
	    HELP("Name of a header.")),
	KEY("realms.*.headers.drop", LIST, RELOAD(CALLS),
	    HELP("These do not pass, from this realm or to it, whatever they are.")),
	KEY("realms.*.headers.drop[]", TOKEN, RELOAD(CALLS), EXAMPLE("Subject"),
	    HELP("Name of a header.")),

#include "config/schema_domain.h"

#include "config/schema_trunk.h"

	KEY("routes", LIST, RELOAD(CALLS),
	    HELP("Where calls go: the first route that matches is taken. A call that none "
		 "matches is refused with 404. jalurctl route test says which one a request "
		 "takes, and why.")),
	KEY("routes[]", MAP, RELOAD(CALLS), HELP("One route.")),
	KEY("routes[].name", NAME, REQUIRED, RELOAD(CALLS), EXAMPLE("out"),
	    HELP("For logs and for people.")),
	KEY("routes[].match", MAP, RELOAD(CALLS),
	    HELP("What a call must have, all of it. Without it, the route takes every call.")),
	KEY("routes[].match.trunk", NAME, REFERS("trunks"), RELOAD(CALLS), EXAMPLE("phones"),
	    HELP("It comes from this trunk.")),
	KEY("routes[].match.realm", NAME, REFERS("realms"), RELOAD(CALLS), EXAMPLE("inside"),
	    HELP("It comes from this realm.")),
	KEY("routes[].match.number", NUMBER_PREFIX, RANGE(1, 63), RELOAD(CALLS),
	    EXAMPLE("+49"), HELP("The user part of the request URI begins with this.")),
#include "config/schema_route.h"
	KEY("routes[].to", MAP, RELOAD(CALLS), HELP("Where such a call goes.")),
	KEY("routes[].to.trunk", NAME, REFERS("trunks"), RELOAD(CALLS),
	    EXAMPLE("carrier"), HELP("To this trunk, which must have a target.")),
	KEY("routes[].to.registrar", NAME, REFERS("domains"), RELOAD(CALLS),
	    EXAMPLE("example.com"),
	    HELP("Instead of trunk: to the contacts of the user of this domain who is called by the "
		 "number, as the route has rewritten it. 480 when he has none, 404 when there is no "
		 "such user.")),
	KEY("routes[].to.fork", LIST, RELOAD(CALLS),
	    HELP("Instead of trunk: to all of these, and the first that answers has the call. "
		 "Those with the same q are called at the same time, those with a lower one when "
		 "all before have failed or rung for long enough. When all have failed, the "
		 "caller is told the best of their answers (RFC 3261 section 16.7).")),
	KEY("routes[].to.fork[]", MAP, RELOAD(CALLS), HELP("One destination.")),
	KEY("routes[].to.fork[].trunk", NAME, REQUIRED, REFERS("trunks"), RELOAD(CALLS),
	    EXAMPLE("desk"), HELP("A trunk, which must have a target.")),
	KEY("routes[].to.fork[].q", Q, DEFAULT("1"), RELOAD(CALLS), EXAMPLE("0.5"),
	    HELP("The highest is called first.")),
	KEY("routes[].to.fork[].ring", DURATION, RANGE(1000000000, 600000000000), RELOAD(CALLS),
	    EXAMPLE("20s"), HELP("For how long it rings until those with a lower q are called. "
				 "Without it, until it fails.")),
	KEY("routes[].early-media", CHOICE, DEFAULT("first"), CHOICES(early_medias), RELOAD(CALLS),
	    HELP("Whose media a caller hears before the answer: that of the destination which "
		 "sent some first, of the one which did so last, or none.")),
	KEY("routes[].redirect", CHOICE, DEFAULT("pass"), CHOICES(redirections), RELOAD(CALLS),
	    HELP("What becomes of a 3xx: pass, the caller gets its numbers with Jalur's address, "
		 "and may call again; follow, they are called at once, by the routes that the one "
		 "who redirects may take. It holds for all requests that a route sends on.")),

	KEY("sip", MAP, RELOAD(RESTART), HELP("What SIP messages may be.")),
	KEY("sip.max-message", NUMBER, DEFAULT("65535"), RANGE(1000, 1048576), RELOAD(RESTART),
	    HELP("Bytes of the longest message. A request above it is refused with 513, or with "
		 "413 when its body is what makes it too long. A datagram is never longer than "
		 "65535.")),
	KEY("sip.max-headers", NUMBER, DEFAULT("128"), RANGE(16, 256), RELOAD(RESTART),
	    HELP("Header fields that a message may have. A request with more is refused with "
		 "513.")),
	KEY("sip.max-nesting", NUMBER, DEFAULT("3"), RANGE(1, 16), RELOAD(RESTART),
	    HELP("How deep multipart bodies may lie in multipart bodies. A request beyond it is "
		 "refused with 400.")),

	KEY("message", MAP, RELOAD(CALLS),
	    HELP("MESSAGE, a text to somebody, in calls and outside.")),
	KEY("message.max-size", NUMBER, DEFAULT("8192"), RANGE(1, 1048576), RELOAD(CALLS),
	    HELP("Bytes of its body. What is longer is refused with 513; so is a request that "
		 "sip.max-message does not let in. RFC 3428 has 1300 where it cannot be known "
		 "that no datagrams are on the way; Jalur sends what is too large for one by "
		 "TCP, unless the trunk wants datagrams.")),

	KEY("connections", MAP, RELOAD(RESTART), HELP("TCP, TLS and WebSocket connections.")),
	KEY("connections.max", NUMBER, DEFAULT("20000"), RANGE(1, 1000000), RELOAD(RESTART),
	    HELP("In all, both ways.")),
	KEY("connections.per-source", NUMBER, DEFAULT("1000"), RANGE(1, 1000000), RELOAD(RESTART),
	    HELP("From one IPv4 address or IPv6 /64.")),
	KEY("connections.handshakes", NUMBER, DEFAULT("256"), RANGE(1, 1000000), RELOAD(RESTART),
	    HELP("That may be in their handshake, of TLS or WebSocket, at the same time.")),
	KEY("connections.per-source-handshakes", NUMBER, DEFAULT("64"), RANGE(1, 1000000),
	    RELOAD(RESTART), HELP("The same of one source.")),
	KEY("connections.handshake-timeout", DURATION, DEFAULT("10s"),
	    RANGE(100 * NSEC_PER_MSEC, 300 * NSEC_PER_SEC), RELOAD(RESTART),
	    HELP("How long it may take until a connection is open.")),
	KEY("connections.idle", DURATION, DEFAULT("15m"), RANGE(0, 24 * HOUR), RELOAD(RESTART),
	    HELP("A connection from which nothing came for so long is closed; 0s: never. Keep-alives "
		 "(RFC 5626) and the pongs of a WebSocket count once it has sent a message: one that "
		 "never did is closed after so long, though it answers every ping.")),
	KEY("connections.message-timeout", DURATION, DEFAULT("10s"),
	    RANGE(100 * NSEC_PER_MSEC, 300 * NSEC_PER_SEC), RELOAD(RESTART),
	    HELP("How long a message may take from its first byte to its last.")),
	KEY("connections.ping", DURATION, DEFAULT("30s"), RANGE(0, HOUR), RELOAD(RESTART),
	    HELP("How often WebSockets are pinged; one without an answer is closed. 0s: never.")),
	KEY("connections.queue", NUMBER, DEFAULT("1048576"), RANGE(4096, 1073741824),
	    RELOAD(RESTART), HELP("Bytes that may wait for a peer that does not read; a connection "
				  "beyond it is closed. At least sip.max-message.")),
	KEY("connections.threads", NUMBER, DEFAULT("1"), RANGE(1, 16), RELOAD(RESTART),
	    HELP("Threads that serve them.")),

	KEY("dns", MAP, RELOAD(NOW), HELP("Name servers.")),
	KEY("dns.servers", LIST, RELOAD(NOW), HELP("Without it, those of /etc/resolv.conf.")),
	KEY("dns.servers[]", SERVER, RELOAD(NOW), EXAMPLE("192.0.2.53:53"),
	    HELP("Address, and port if it is not 53.")),
	KEY("dns.timeout", DURATION, DEFAULT("2s"), RANGE(100 * NSEC_PER_MSEC, 30 * NSEC_PER_SEC),
	    RELOAD(RESTART), HELP("How long a server may be silent until the next is asked.")),
	KEY("dns.tries", NUMBER, DEFAULT("2"), RANGE(1, 5), RELOAD(RESTART),
	    HELP("How often each is asked.")),

	KEY("overload", MAP, RELOAD(RESTART),
	    HELP("From where on new calls and new registrations are refused with 503, while what "
		 "exists is served; until it is below three quarters of its limit. At twice "
		 "a limit (memory: a quarter above it, transactions: half) refreshes of "
		 "registrations are refused, too. Emergency calls never are.")),
	KEY("overload.lag", DURATION, DEFAULT("500ms"), RANGE(10000000, 60000000000),
	    RELOAD(RESTART), HELP("So late is the event loop.")),
	KEY("overload.dropped", NUMBER, DEFAULT("100"), RANGE(1, 1000000), RELOAD(RESTART),
	    HELP("So many datagrams did not fit into the kernel's receive queues within "
		 "200 ms.")),
	KEY("overload.memory", NUMBER, DEFAULT("4096"), RANGE(64, 1048576), RELOAD(RESTART),
	    HELP("So many MiB has the daemon.")),
	KEY("overload.transactions", NUMBER, DEFAULT("100000"), RANGE(100, 10000000),
	    RELOAD(RESTART), HELP("So many server transactions are there. At twice as many nothing "
				  "new begins, whatever it is.")),
	KEY("overload.store", NUMBER, DEFAULT("20000"), RANGE(0, 10000000), RELOAD(RESTART),
	    HELP("So many changes wait for the disk, or half of store.waiting if that "
				  "is less. 0: no limit.")),
	KEY("overload.connections", NUMBER, DEFAULT("2000"), RANGE(0, 1000000), RELOAD(RESTART),
	    HELP("To so many peers a connection is being made. 0: no limit.")),
	KEY("overload.names", NUMBER, DEFAULT("2000"), RANGE(0, 1000000), RELOAD(RESTART),
	    HELP("So many questions wait for name servers. 0: no limit.")),
	KEY("overload.relay", NUMBER, DEFAULT("50"), RANGE(0, 100), RELOAD(RESTART),
	    HELP("So many percent of what the relay was asked for in the last seconds it "
		 "refused. Only calls are refused for it. 0: no limit.")),
	KEY("overload.ports", NUMBER, DEFAULT("5"), RANGE(0, 50), RELOAD(RESTART),
	    HELP("Less than so many percent of the media ports of the realm that a call comes "
		 "from, or goes to, are free. Only such calls are refused. 0: no limit.")),
	KEY("overload.retry-after", DURATION, DEFAULT("10s"), RANGE(1000000000, 3600000000000),
	    RELOAD(RESTART), HELP("When they may try again, at the earliest; up to half of it is "
				  "added at random, so that they do not come back together.")),

	KEY("limits-per-source", MAP, RELOAD(RESTART),
	    HELP("How often a source that is no trunk's may ask, outside of what it was let in for: "
		 "an IPv4 address, or a /64 of IPv6. Above it a request is refused with 503, "
		 "once until the source has been quiet; the rest is dropped.")),
	KEY("limits-per-source.rate", NUMBER, DEFAULT("50"), RANGE(0, 1000000), RELOAD(RESTART),
	    HELP("Requests a second. 0: no limit.")),
	KEY("limits-per-source.burst", NUMBER, DEFAULT("200"), RANGE(1, 1000000), RELOAD(RESTART),
	    HELP("Requests at once, after it was quiet.")),

	KEY("metrics", MAP, RELOAD(RESTART), HELP("Figures for Prometheus, by HTTP.")),
	KEY("metrics.listen", LISTEN, RELOAD(RESTART), EXAMPLE("127.0.0.1:9090"),
	    HELP("Where GET /metrics is answered: address and port, or the path of a UNIX socket, "
		 "which control-group gets. There is neither TLS nor a password: keep it on "
		 "loopback, or in a network of your own. Without it, there are none.")),

	KEY("timers", MAP, RELOAD(CALLS), HELP("How long things may take.")),
	KEY("timers.media-idle", DURATION, DEFAULT("60s"), RANGE(0, 24 * HOUR), RELOAD(CALLS),
	    HELP("A call that receives no media for so long on a stream that is not on hold is "
		 "ended. 0s: never.")),
	KEY("timers.ring", DURATION, DEFAULT("180s"), RANGE(NSEC_PER_SEC, HOUR), RELOAD(CALLS),
	    HELP("How long a call may ring before it is cancelled.")),
	KEY("timers.max-duration", DURATION, DEFAULT("4h"), RANGE(0, 240 * HOUR), RELOAD(CALLS),
	    HELP("A call that lasts so long is ended. 0s: no limit.")),
	KEY("timers.session", DURATION, DEFAULT("30m"), RANGE(0, 24 * HOUR), RELOAD(CALLS),
	    HELP("How long a session lasts without a sign of life (RFC 4028), on each leg for "
		 "itself; 0s: only where the other side asks for it. At half of it Jalur sends a "
		 "refresh, or the peer does; without one the call ends.")),
	KEY("timers.session-min", DURATION, DEFAULT("90s"),
	    RANGE(90 * NSEC_PER_SEC, HOUR), RELOAD(CALLS),
	    HELP("The shortest that a peer may ask for; below it, 422 with Min-SE.")),
	KEY("timers.failed-target", DURATION, DEFAULT("30s"), RANGE(0, HOUR), RELOAD(CALLS),
	    HELP("How long an address of a trunk's name that did not answer, or only 503, is tried "
		 "behind the others. 0s: not at all.")),
	KEY("timers.t1", DURATION, DEFAULT("500ms"),
	    RANGE(10 * NSEC_PER_MSEC, 10 * NSEC_PER_SEC), RELOAD(RESTART),
	    HELP("RFC 3261 T1, the estimate of a round trip; the first retransmission is sent "
		 "after it, a transaction fails after 64 of it.")),
	KEY("timers.t2", DURATION, DEFAULT("4s"),
	    RANGE(10 * NSEC_PER_MSEC, MINUTE), RELOAD(RESTART),
	    HELP("RFC 3261 T2, the longest pause between retransmissions.")),
	KEY("timers.t4", DURATION, DEFAULT("5s"),
	    RANGE(10 * NSEC_PER_MSEC, MINUTE), RELOAD(RESTART),
	    HELP("RFC 3261 T4, the longest that a message stays in the network.")),
};

const size_t schema_size = sizeof(schema) / sizeof(schema[0]);

const struct schema_item *schema_root(void)
{
	return &schema[0];
}

/* "<parent>.<key>" with no further part; in the root just "<key>". */
static bool is_child(const struct schema_item *parent, const struct schema_item *item)
{
	size_t n = strlen(parent->path);
	const char *rest;

	if (item == schema_root() || strncmp(item->path, parent->path, n))
		return false;
	rest = item->path + n;
	if (n && *rest++ != '.')
		return false;
	return *rest && *rest != '*' && !strpbrk(rest, ".[");
}

const struct schema_item *schema_child(const struct schema_item *parent,
				       const struct schema_item *prev)
{
	const struct schema_item *item = prev ? prev + 1 : schema;

	for (; item < schema + schema_size; item++)
		if (is_child(parent, item))
			return item;
	return NULL;
}

const char *schema_key(const struct schema_item *item)
{
	const char *dot = strrchr(item->path, '.');

	return dot ? dot + 1 : item->path;
}

const struct schema_item *schema_child_named(const struct schema_item *parent, const char *key)
{
	const struct schema_item *item = NULL;

	while ((item = schema_child(parent, item)))
		if (!strcmp(schema_key(item), key))
			return item;
	return NULL;
}

const struct schema_item *schema_element(const struct schema_item *parent)
{
	const char *suffix = parent->type == SCHEMA_NAMED ? ".*" : "[]";
	size_t i, n = strlen(parent->path);

	for (i = 0; i < schema_size; i++)
		if (!strncmp(schema[i].path, parent->path, n) &&
		    !strcmp(schema[i].path + n, suffix))
			return &schema[i];
	return NULL;
}

static void print_duration(u64 ns, char *buf, size_t n)
{
	if (ns % NSEC_PER_SEC)
		snprintf(buf, n, "%" PRIu64 "ms", (u64)(ns / NSEC_PER_MSEC));
	else if (ns && !(ns % HOUR))
		snprintf(buf, n, "%" PRIu64 "h", (u64)(ns / HOUR));
	else
		snprintf(buf, n, "%" PRIu64 "s", (u64)(ns / NSEC_PER_SEC));
}

static void expect_duration(const struct schema_item *item, char *buf, size_t n)
{
	char min[32], max[32];

	print_duration(item->min, min, sizeof(min));
	print_duration(item->max, max, sizeof(max));
	snprintf(buf, n, "a duration such as 500ms, 60s, 5m or 2h, from %s to %s", min, max);
}

static void expect_choice(const struct schema_item *item, char *buf, size_t n)
{
	size_t i, used;

	used = (size_t)snprintf(buf, n, item->choices[1] ? "one of:" : "only");
	for (i = 0; item->choices[i] && used < n; i++)
		used += (size_t)snprintf(buf + used, n - used, "%s %s", i ? "," : "",
					 item->choices[i]);
}

const char *schema_expects(const struct schema_item *item, char *buf, size_t n)
{
	static const char *const words[] = {
		[SCHEMA_MAP] = "a mapping (key: value)",
		[SCHEMA_NAMED] = "a mapping of names (name: {...})",
		[SCHEMA_LIST] = "a list (- item)",
		[SCHEMA_NAME] = "a name of letters, digits, '-', '_' and '.', at most 63",
		[SCHEMA_TOKEN] = "a token of letters, digits and -.!%*_+`'~, at most 63",
		[SCHEMA_NUMBER_PREFIX] =
			"the beginning of a number: digits, letters and +*#-._, at most 63",
		[SCHEMA_ADDRESS] = "an IPv4 or IPv6 unicast address, without a port",
		[SCHEMA_PREFIX] = "an address or a prefix, such as 192.0.2.0/24 or 2001:db8::1",
		[SCHEMA_TARGET] =
			"a sip: or sips: URI, such as sip:10.0.0.2:5060 or sips:carrier.example",
		[SCHEMA_SERVER] = "an IP address, with or without a port",
		[SCHEMA_LISTEN] = "an IP address with a port, such as 127.0.0.1:9090, or the path of "
			"a UNIX socket",
		[SCHEMA_FILE] = "the path of a file that this user can read",
		[SCHEMA_KEY] = "the path of a file that others cannot read",
		[SCHEMA_SECRET] = "the path of a file with one line, which others cannot read",
		[SCHEMA_Q] = "a q value from 0 to 1 with at most three decimals, such as 0.5",
	};

	if (item->type == SCHEMA_NUMBER)
		snprintf(buf, n, "a number from %" PRIu64 " to %" PRIu64, item->min, item->max);
	else if (item->type == SCHEMA_TEXT)
		snprintf(buf, n, "a text of %" PRIu64 " to %" PRIu64 " printable characters",
			 item->min, item->max);
	else if (item->type == SCHEMA_PORTS)
		snprintf(buf, n, "ports MIN-MAX from %" PRIu64 " to %" PRIu64
			 ", MIN even and below MAX", item->min, item->max);
	else if (item->type == SCHEMA_DURATION)
		expect_duration(item, buf, n);
	else if (item->type == SCHEMA_CHOICE)
		expect_choice(item, buf, n);
	else
		snprintf(buf, n, "%s", words[item->type]);
	return buf;
}
