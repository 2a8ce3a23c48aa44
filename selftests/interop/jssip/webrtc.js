// SPDX-License-Identifier: GPL-2.0-only
//
// As much of WebRTC as JsSIP calls: a peer connection that makes SDP of plain RTP/AVP with a
// fixed address, and sends nothing. Offers and answers follow what JsSIP asks of them, so an
// offer that was made without an answer, or an answer without an offer, fails as in a browser.
'use strict';

class FakePeerConnection extends EventTarget {
	static address = '192.0.2.1';
	static port = 4000;

	constructor() {
		super();
		this.signalingState = 'stable';
		this.iceGatheringState = 'complete';
		this.iceConnectionState = 'connected';
		this.localDescription = null;
		this.remoteDescription = null;
		this.version = 0;
	}

	#describe(type) {
		const { address, port } = FakePeerConnection;
		const family = address.includes(':') ? 'IP6' : 'IP4';

		this.version++;
		return {
			type,
			sdp: ['v=0', `o=- 4711 ${this.version} IN ${family} ${address}`, 's=-',
				`c=IN ${family} ${address}`, 't=0 0', `m=audio ${port} RTP/AVP 0 101`,
				'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000',
				'a=fmtp:101 0-15', 'a=sendrecv', ''].join('\r\n'),
		};
	}

	async createOffer() {
		if (this.signalingState !== 'stable')
			throw new Error(`an offer in state ${this.signalingState}`);
		return this.#describe('offer');
	}

	async createAnswer() {
		if (this.signalingState !== 'have-remote-offer')
			throw new Error(`an answer in state ${this.signalingState}`);
		return this.#describe('answer');
	}

	async setLocalDescription(description) {
		this.localDescription = description;
		this.signalingState = description.type === 'offer' ? 'have-local-offer' : 'stable';
	}

	async setRemoteDescription(description) {
		if (description.type === 'answer' && this.signalingState !== 'have-local-offer')
			throw new Error(`an answer in state ${this.signalingState}`);
		if (!/^m=audio [1-9]\d* RTP\/AVP 0\b/m.test(description.sdp))
			throw new Error(`no plain PCMU in ${JSON.stringify(description.sdp)}`);
		this.remoteDescription = description;
		this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
	}

	addTrack() {}
	getSenders() { return []; }
	close() { this.signalingState = 'closed'; }
}

class FakeSessionDescription {
	constructor({ type, sdp }) {
		this.type = type;
		this.sdp = sdp;
	}
}

module.exports = { FakePeerConnection, FakeSessionDescription };
