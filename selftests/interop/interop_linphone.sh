#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# linphone and baresip register with jalurd by TLS, TCP and UDP, and call each other.
TRANSPORTS="tls tcp udp" exec bash "$(dirname "$0")/../sip/e2e_linphone.sh"
