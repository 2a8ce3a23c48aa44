# SPDX-License-Identifier: GPL-2.0-only
#
# baresip as a phone, sourced after lib.sh: it speaks with a tone, is told what to do
# over its control socket, and records what it hears.
command -v baresip >/dev/null || skip_all "baresip is not installed"
modules=$(dirname "$(dpkg -L baresip-core | grep '/g711\.so$')")

# What a phone speaks with.
tone() {	# FILE HZ
	python3 - "$1" "$2" <<-'END'
	import math, struct, sys, wave
	with wave.open(sys.argv[1], "wb") as out:
	    out.setnchannels(1)
	    out.setsampwidth(2)
	    out.setframerate(8000)
	    second = b"".join(struct.pack("<h", int(
	        8000 * math.sin(2 * math.pi * int(sys.argv[2]) * i / 8000))) for i in range(8000))
	    out.writeframes(second * 120)
	END
}

# make_phone DIR ADDRESS HZ ACCOUNTS [line...]: a configuration with these lines in it, and
# a tone to speak with
make_phone() {
	mkdir "$dir/$1"
	tone "$dir/$1/tone.wav" "$3"
	cat >"$dir/$1/config" <<-END
	module_path $modules
	module g711.so
	module aufile.so
	module aubridge.so
	module sndfile.so
	module_tmp account.so
	module_app menu.so
	module_app ctrl_tcp.so
	ctrl_tcp_listen $2:4444
	sip_listen $2:5060
	audio_source aufile,$dir/$1/tone.wav
	audio_player aubridge,sink
	audio_alert aubridge,sink
	ausrc_srate 8000
	auplay_srate 8000
	ausrc_channels 1
	auplay_channels 1
	rtp_ports 4000-4020
	snd_path $dir/$1
	END
	printf '%s\n' "${@:5}" >>"$dir/$1/config"
	echo "$4" >"$dir/$1/accounts"
	: >"$dir/$1/contacts"
}

start_phone() {	# ns dir; its pid is in $!
	(exec ip netns exec "$1" baresip -f "$dir/$2" -v >"$dir/$2.log" 2>&1) &
	sipp_pids="$sipp_pids $!"
	wait_for grep -q "baresip is ready" "$dir/$2.log"
}

# What baresip's own control socket takes: JSON as a netstring. Events come between.
tell() {	# ns address command [params]
	local json="{\"command\":\"$3\",\"params\":\"${4-}\"}"

	# shellcheck disable=SC2016
	ip netns exec "$1" timeout $((10 * slow)) bash -c 'exec 3<>"/dev/tcp/$1/4444"
		printf "%d:%s," "${#2}" "$2" >&3
		while IFS= read -r -d , word <&3; do
			[[ $word == *\"ok\":true* ]] && exit 0
		done
		exit 1' - "$2" "$json"
}

tell_caller() { tell "$caller_ns" $CALLER "$@"; }
tell_callee() { tell "$callee_ns" $CALLEE "$@"; }

phones_are_ready() { start_phone "$callee_ns" b && start_phone "$caller_ns" a; }
held_is() { ctl call list --json | jq -e ".calls[0].held == $1" >/dev/null; }
no_calls() { ctl call list --json | jq -e '.calls == []' >/dev/null; }

relayed() {	# at least so many packets from each side
	ctl call show "$(ctl call list --json | jq -r '.calls[0].id')" --json |
		jq -se --argjson n "$1" '.[0].streams[0].directions | length == 2 and all(.left >= $n)' >/dev/null
}

# hears DIR HZ: the tone of the other, in a recording of what was decoded
hears() { has_tone "$2" "$dir/$1"/*dec*.wav; }

has_tone() {	# HZ FILE...
	python3 - "$@" <<-'END'
	import math, struct, sys, wave
	hz, best = int(sys.argv[1]), 0.0
	for name in sys.argv[2:]:
	    with wave.open(name) as sound:
	        rate, channels = sound.getframerate(), sound.getnchannels()
	        raw = sound.readframes(sound.getnframes())	# the length in a header may be a wish
	    n = len(raw) // (2 * channels)
	    data = struct.unpack("<%dh" % (n * channels), raw[:2 * n * channels])[::channels]
	    tenth = rate // 10
	    turn = [2 * math.pi * hz * i / rate for i in range(tenth)]
	    cos, sin = [math.cos(t) for t in turn], [math.sin(t) for t in turn]
	    for at in range(0, n - tenth, tenth):
	        part = data[at:at + tenth]
	        power = sum(x * x for x in part) or 1
	        re = sum(x * c for x, c in zip(part, cos))
	        im = sum(x * s for x, s in zip(part, sin))
	        best = max(best, 2 * (re * re + im * im) / (tenth * power))
	        if best > 0.98:
	            break
	print("# of a tenth of a second %d Hz has %.2f" % (hz, best))
	sys.exit(best < 0.9)
	END
}
