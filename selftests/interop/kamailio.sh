# SPDX-License-Identifier: GPL-2.0-only
#
# Kamailio as a PBX in the callee's namespace, sourced after peers.sh; a phone of SIPp is
# behind it, at port 5070 of the same address. What it logs is in $dir/kamailio.log.
command -v kamailio >/dev/null || skip_all "kamailio is not installed"
[ -e /usr/lib/x86_64-linux-gnu/kamailio/modules/tls.so ] ||
	skip_all "kamailio-tls-modules is not installed"

PBX_NAME=pbx.example
PHONE=$CALLEE:5070

# Whoever calls by TLS must show a certificate of the CA's, and so must jalurd when called.
start_kamailio() {
	sed -e "s/PBX_NAME/$PBX_NAME/g; s/SBC/$INSIDE/g; s/PHONE/$PHONE/g" \
		-e "s|TLS_CONFIG|$dir/kamailio-tls.cfg|; s/PBX:/$CALLEE:/" \
		"$beside/kamailio.cfg" >"$dir/kamailio.cfg"
	cat >"$dir/kamailio-tls.cfg" <<-END
	[server:default]
	method = TLSv1.2+
	certificate = $dir/$PBX_NAME.pem
	private_key = $dir/$PBX_NAME.key
	ca_list = $dir/ca.pem
	verify_certificate = yes
	require_certificate = yes
	[client:default]
	method = TLSv1.2+
	certificate = $dir/$PBX_NAME.pem
	private_key = $dir/$PBX_NAME.key
	ca_list = $dir/ca.pem
	verify_certificate = yes
	require_certificate = yes
	END
	mkdir -p "$dir/kamailio"
	(exec ip netns exec "$callee_ns" kamailio -f "$dir/kamailio.cfg" -DD -E -m 32 -M 4 \
		-Y "$dir/kamailio" -w "$dir/kamailio" >>"$dir/kamailio.log" 2>&1) &
	kamailio_pid=$!
	sipp_pids="$sipp_pids $kamailio_pid"
	wait_for listens "$callee_ns" 5060 && wait_for listens "$callee_ns" 5061 && return
	sed 's/^/# /' "$dir/kamailio.log"
	return 1
}

# kamailio_saw METHOD in|out TRANSPORT NUMBER: so many of these from or to jalurd
kamailio_saw() {
	local n

	n=$(grep -c "PBX $2 $1 $3 $INSIDE" "$dir/kamailio.log")
	[ "$n" = "$4" ] || { echo "# $1 $2 by $3: $n"; return 1; }
}
