# SPDX-License-Identifier: GPL-2.0-only
#
# Scenarios of SIPp that a test puts together, sourced after lib.sh: each piece is a function that
# prints what one user agent says or expects next. Who waits for something to happen has it
# write a file; who is to go on is told so (go_on).

make_scenario() {	# name; its pieces come in
	{
		echo '<?xml version="1.0" encoding="ISO-8859-1" ?>'
		echo '<!DOCTYPE scenario SYSTEM "sipp.dtd">'
		echo "<scenario name=\"$1\">"
		cat
		echo '</scenario>'
	} >"$dir/$1.xml"
}

sdp() {	# port version
	cat <<-END
	v=0
	o=- 53655765 $2 IN IP[media_ip_type] [media_ip]
	s=-
	c=IN IP[media_ip_type] [media_ip]
	t=0 0
	m=audio $1 RTP/AVP 0
	a=rtpmap:0 PCMU/8000
	END
}

says() {	# a message comes in
	echo '<send><![CDATA['
	echo
	cat
	echo
	echo ']]></send>'
}

tells() { echo "<exec command=\"touch [dir]/$1\" />"; }		# file

# --- who calls ---

calls() {	# port of its audio
	says <<-END
	INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
	Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
	From: <sip:alice@[local_ip]:[local_port]>;tag=[call_number]
	To: <sip:[service]@[remote_ip]:[remote_port]>
	Call-ID: [call_id]
	CSeq: 1 INVITE
	Contact: <sip:alice@[local_ip]:[local_port]>
	Max-Forwards: 70
	Content-Type: application/sdp
	Content-Length: [len]

	$(sdp "$1" 1)
	END
	cat <<-END
	<recv response="100" optional="true" />
	<recv response="180" optional="true" />
	<recv response="200" rrs="true"><action>
	  <ereg regexp="m=audio ([0-9]+)" search_in="msg" check_it="true" assign_to="line,port" />
	  <exec command="echo [\$port] > [dir]/port-a" />
	</action></recv>
	<Reference variables="line" />
	END
	asks ACK 1
}

asks() {	# method number [line...]
	says <<-END
	$1 [next_url] SIP/2.0
	Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
	From: <sip:alice@[local_ip]:[local_port]>;tag=[call_number]
	To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
	Call-ID: [call_id]
	CSeq: $2 $1
	Contact: <sip:alice@[local_ip]:[local_port]>
	Max-Forwards: 70
	$(printf '%s\n' "${@:3}" "Content-Length: 0")
	END
}

# --- who is called ---

is_called() {	# name
	cat <<-END
	<recv request="INVITE" rrs="true"><action>
	  <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via" />
	  <ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller" />
	  <ereg regexp=".*" search_in="hdr" header="To:" assign_to="called" />
	  <ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="cseq" />
	  <exec command="echo [call_id] > [dir]/callid-$1" />
	</action></recv>
	<Reference variables="via,caller,called,cseq" />
	END
	says <<-END
	SIP/2.0 180 Ringing
	[last_Via:]
	[last_From:]
	[last_To:];tag=callee[call_number]
	[last_Call-ID:]
	[last_CSeq:]
	Contact: <sip:bob@[local_ip]:[local_port]>
	Content-Length: 0
	END
}

# What was heard last may be the word to go on.
answers() {	# port of its audio
	says <<-END
	SIP/2.0 200 OK
	Via:[\$via]
	From:[\$caller]
	To:[\$called];tag=callee[call_number]
	Call-ID: [call_id]
	CSeq: [\$cseq] INVITE
	Contact: <sip:bob@[local_ip]:[local_port]>
	Content-Type: application/sdp
	Content-Length: [len]

	$(sdp "$1" 1)
	END
}

rings_off() {
	says <<-END
	SIP/2.0 487 Request Terminated
	[last_Via:]
	[last_From:]
	[last_To:];tag=callee[call_number]
	[last_Call-ID:]
	CSeq: [\$cseq] INVITE
	Content-Length: 0
	END
	hears ACK
}

hangs_up() {	# number
	says <<-END
	BYE [next_url] SIP/2.0
	Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
	From: <sip:bob@[local_ip]:[local_port]>;tag=callee[call_number]
	To:[\$caller]
	Call-ID: [call_id]
	CSeq: $1 BYE
	Max-Forwards: 70
	Content-Length: 0
	END
	echo '<recv response="200" />'
}

# --- either ---

hears() {	# method [file]
	echo "<recv request=\"$1\"><action>${2:+$(tells "$2")}</action></recv>"
}

# A NOTIFY of a REFER.
is_told() {	# status [file]
	cat <<-END
	<recv request="NOTIFY"><action>
	  <ereg regexp="SIP/2.0 $1" search_in="msg" check_it="true" assign_to="told" />
	  ${2:+$(tells "$2")}
	</action></recv>
	<Reference variables="told" />
	END
}

takes() {	# [status]
	says <<-END
	SIP/2.0 ${1:-200 OK}
	[last_Via:]
	[last_From:]
	[last_To:]
	[last_Call-ID:]
	[last_CSeq:]
	Contact: <sip:bob@[local_ip]:[local_port]>
	Content-Length: 0
	END
}

# An offer inside the call, answered.
takes_offer() {	# port version
	says <<-END
	SIP/2.0 200 OK
	[last_Via:]
	[last_From:]
	[last_To:]
	[last_Call-ID:]
	[last_CSeq:]
	Contact: <sip:bob@[local_ip]:[local_port]>
	Content-Type: application/sdp
	Content-Length: [len]

	$(sdp "$1" "$2")
	END
	hears ACK
}

is_let_go() { hears BYE && takes; }
waits() { hears NOTIFY; }		# go_on
