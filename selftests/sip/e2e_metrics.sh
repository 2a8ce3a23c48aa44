#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prometheus scrapes a node by HTTP, before, while and after a call goes through it: what
# it counts rises by that call, and what there is now comes and goes.
. "$(dirname "$0")/lib.sh"
setup
plan 13

# All of the page, by its URL or, beginning with /, its UNIX socket; then its status.
scrape() {	# [path [method]]
	in_relay python3 - "${metrics:-127.0.0.1:9090}" "${1-/metrics}" "${2-GET}" <<-'END'
	import http.client, socket, sys
	where, path, method = sys.argv[1:]
	c = http.client.HTTPConnection("localhost" if where[0] == "/" else where, timeout=30)
	if where[0] == "/":
	    c.sock = socket.socket(socket.AF_UNIX)
	    c.sock.connect(where)
	c.request(method, path)
	r = c.getresponse()
	sys.stdout.write(r.read().decode())
	print("# status", r.status, r.getheader("Content-Type"), r.getheader("Server"))
	END
}

is() {	# sample value: as it was scraped last
	grep -qxF "$1 $2" "$dir/page" && return
	grep -F "${1%%\{*}" "$dir/page" | sed 's/^/# /'
	return 1
}

scrapes() { scrape >"$dir/page" && tail -n 1 "$dir/page" | grep -q "^# status 200 text/plain; version=0.0.4; charset=utf-8 None"; }

invites() { is "jalur_sip_responses_total{direction=\"out\",method=\"INVITE\",code=\"200\"}" "$1"; }

# Two hundred packets in and out, of an end each for RTP.
heard_packets() {
	is 'jalur_media_packets_total{direction="in"}' 200 &&
		is 'jalur_media_packets_total{direction="out"}' 200 &&
		is jalur_media_sessions_ended_total 1 &&
		is 'jalur_media_dropped_packets_total{reason="source"}' 0
}

call_shows() {
	scrapes && is 'jalur_objects{kind="calls"}' 1 && is 'jalur_media_sessions{of="calls"}' 1 &&
		is 'jalur_calls_total{outcome="answered"}' 1 && invites 1 &&
		is 'jalur_call_setup_seconds_count{until="answer"}' 1
}

call_is_over() {
	scrapes && is 'jalur_objects{kind="calls"}' 0 && is 'jalur_media_sessions{of="calls"}' 0
}

refusal_shows() {
	scrapes && is 'jalur_requests_refused_total{reason="source"}' 1 &&
		is 'jalur_sip_responses_total{direction="out",method="INVITE",code="403"}' 1
}

not_from_outside() { ! in_caller bash -c "exec 3<>/dev/tcp/$OUTSIDE/9090" 2>/dev/null; }

check "jalurd starts" start_jalurd "metrics: {listen: \"127.0.0.1:9090\"}"
check "there are figures, of nothing yet" eval 'scrapes && is "jalur_objects{kind=\"calls\"}" 0'
check "the node and its relay are named, no version is" eval 'is "jalur_info{node=\"1\",relay=\"$RELAY\"}" 1 && ! grep -qi version= <(head -n -1 "$dir/page")'
check "nobody sees them from outside" not_from_outside
check "another page there is not" eval 'scrape / | grep -q "^# status 404"'
check "nothing can be changed" eval 'scrape /metrics POST | grep -q "^# status 405"'
check "a call is up, with audio" eval 'start_call uac uas && start_audio 100 && audio_complete'
check "it is counted" call_shows
check "it ends" eval 'go_on caller && sipp_done $caller_pid'
check "so it does in the figures" wait_for call_is_over
check "its packets are counted" heard_packets
start_caller uac_refused $STRANGER && sipp_done "$caller_pid"
check "a refusal is counted, with its reason" refusal_shows
kill "$jalurd_pid" && wait "$jalurd_pid"
: >"$dir/jalurd.log"
metrics=$dir/metrics
check "a UNIX socket does as well" eval 'start_jalurd "metrics: {listen: \"$metrics\"}" && scrapes && is jalur_draining 0'
ktap_finished
