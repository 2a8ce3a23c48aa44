# SPDX-License-Identifier: GPL-2.0-only
#
# linphone as a phone that registers, sourced after baresip.sh and subscribers.sh: linphonec
# takes commands from a FIFO, speaks with a file instead of a microphone, records what it hears.
command -v linphonec >/dev/null || skip_all "linphone is not installed"

# make_linphone DIR ADDRESS HZ USER PASSWORD TRANSPORT [PORT]: jalurd is jalur.example for it;
# it has a port for audio of its own among those of one namespace
make_linphone() {
	local udp=0 tcp=0 tls=0

	declare "$6=5060"
	mkdir -p "$dir/$1/.local/share/linphone"
	tone "$dir/$1/tone.wav" "$3"
	mkfifo "$dir/$1/commands"
	cat >"$dir/$1/rc" <<-END
	[sip]
	sip_port=$udp
	sip_tcp_port=$tcp
	sip_tls_port=$tls
	bind_address=$2
	use_ipv6=0
	default_proxy=0
	guess_hostname=1
	contact=sip:$4@$2
	root_ca=$dir/ca.pem
	[rtp]
	audio_rtp_port=${7-4000}
	[auth_info_0]
	username=$4
	passwd=$5
	realm=example.com
	domain=example.com
	[proxy_0]
	reg_proxy=<sip:jalur.example;transport=$6>
	reg_route=<sip:jalur.example;transport=$6;lr>
	reg_identity=sip:$4@example.com
	reg_expires=3600
	reg_sendregister=1
	publish=0
	END
}

# Its pid is in $!. It looks for the network by its default route.
start_linphone() {	# ns dir gateway
	ip -n "$1" route replace default via "$3"
	(HOME=$dir/$2 exec ip netns exec "$1" linphonec -a -c "$dir/$2/rc" -d 5 -l "$dir/$2.log" \
		<>"$dir/$2/commands" >"$dir/$2.out" 2>&1) &
	sipp_pids="$sipp_pids $!"
	tell_linphone "$2" "soundcard use files" "play $dir/$2/tone.wav"
}

tell_linphone() {	# dir command...
	printf '%s\n' "${@:2}" >"$dir/$1/commands"
}

linphone_says() { grep -qF "$2" "$dir/$1.out"; }
