// SPDX-License-Identifier: GPL-2.0-only
//
// A phone in a page, as far as SIP sees it: JsSIP over a WebSocket. It takes orders from
// standard input and says what happens to it, one line each.
//
// node phone.js MODULES URL USER@DOMAIN ADDRESS:PORT [origin=URL] [deaf] [mute]
//   ADDRESS:PORT  where its SDP says that it listens
//   origin        the page that the browser would name
//   deaf          pings are not answered
//   mute          nothing is sent but calls
'use strict';

const { createRequire } = require('node:module');
const readline = require('node:readline');
const path = require('node:path');
const { FakePeerConnection, FakeSessionDescription } = require('./webrtc.js');

const [modules, url, user, media, ...rest] = process.argv.slice(2);
const from = createRequire(path.join(path.resolve(modules), 'x.js'));
const WebSocket = from('ws');
const origin = rest.find(word => word.startsWith('origin='))?.slice('origin='.length);
const deaf = rest.includes('deaf'), mute = rest.includes('mute');
let socket, session;

function say(...words) {
	process.stdout.write(`${words.join(' ')}\n`);
}

// What JsSIP finds in a browser. A browser tells nobody why it was not let in; this one does.
globalThis.window = globalThis;
globalThis.RTCPeerConnection = FakePeerConnection;
globalThis.RTCSessionDescription = FakeSessionDescription;
[FakePeerConnection.address, FakePeerConnection.port] = media.split(/:(?=\d+$)/);
globalThis.WebSocket = class extends WebSocket {
	constructor(address, protocols) {
		super(address, protocols, { origin, autoPong: !deaf });
		socket = this;
		this.on('ping', () => say('pinged'));
		this.on('unexpected-response', (request, response) => {
			say('refused', response.statusCode);
			request.destroy();
		});
		this.on('error', error => say('error', error.message));
	}
};

const JsSIP = from('jssip');

if (process.env.DEBUG)
	JsSIP.debug.enable('JsSIP:Transport*');

const ua = new JsSIP.UA({
	sockets: [new JsSIP.WebSocketInterface(url)],
	uri: `sip:${user}`,
	register: false,
	connection_recovery_min_interval: 1,
	connection_recovery_max_interval: 1,
});

// No microphone is asked for; the SDP has its audio line nevertheless.
const silent = { mediaConstraints: { audio: false, video: false } };

function why(event) {
	return `${event.originator} ${event.message?.status_code ?? event.message?.method ?? '-'} ` +
		event.cause;
}

// Who registers sends a REGISTER now; this one OPTIONS, and is there when they are answered.
ua.on('connected', () => mute ? say('connected') :
	ua.sendOptions(`sip:${user.split('@')[1]}`, null, { eventHandlers: {
		succeeded: () => say('connected'),
		failed: e => say('no answer to OPTIONS:', e.cause),
	} }));
ua.on('disconnected', event => say('disconnected', event.code ?? '-'));
ua.on('newRTCSession', event => {
	session = event.session;
	say(event.originator === 'remote' ? 'called by' : 'calling',
		session.remote_identity.uri.user);
	session.on('progress', e => e.originator === 'remote' && say('ringing'));
	session.on('confirmed', e => say('talking', e.originator));
	session.on('hold', e => e.originator === 'remote' && say('held'));
	session.on('unhold', e => e.originator === 'remote' && say('resumed'));
	session.on('ended', e => say('ended', why(e)));
	session.on('failed', e => say('failed', why(e)));
	if (event.originator === 'remote')
		session.answer(silent);
});

const orders = {
	call: to => ua.call(to, silent),
	hangup: () => session.terminate(),
	hold: () => session.hold({}, () => say('holds')) || say('cannot hold'),
	resume: () => session.unhold({}, () => say('speaks')) || say('cannot resume'),
	// By UPDATE instead of a re-INVITE.
	update: () => session.renegotiate({ useUpdate: true }, () => say('updated')) ||
		say('cannot update'),
	// The connection is gone, and nobody closed it.
	break: () => socket.terminate(),
};

readline.createInterface({ input: process.stdin }).on('line', line => {
	const [order, ...words] = line.split(' ');

	try {
		orders[order](...words);
	} catch (error) {
		say('error', error.message);
	}
}).on('close', () => process.exit());

ua.start();
