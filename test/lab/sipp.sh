#!/bin/sh
# Load for the laboratory (SIPp): an agent that registers and answers, and a customer that calls it. From the environment:
#
#   SWITCH           10.0.0.7:5060
#   PHONE_PASSWORD   of both numbers
#   ADDRESS, PORT    where they are: the customer at PORT (5060), the agent at PORT + 2
#   CALLS, RATE      how many, and how many per second: 1000, 10
#   SCENARIOS        the folder of register.xml and uas.xml: /sipp
set -eu
port=${PORT:-5060} agent=$((${PORT:-5060} + 2)) here=$(dirname "$0")
cd "${FOLDER:-/tmp}"
sipp() { command sipp -nostdin -i "$ADDRESS" -key audio_ip "$ADDRESS" -key audio_port 9 "$@"; }

sipp -sf "${SCENARIOS:-/sipp}/register.xml" -p $agent -m 1 -s 5002 -au 5002 -ap "$PHONE_PASSWORD" \
  -key contact_ip "$ADDRESS" -key contact_port $agent -key expires 3600 "$SWITCH"
sipp -sf "${SCENARIOS:-/sipp}/uas.xml" -p $agent -m "${CALLS:-1000}" &
sipp -sf "$here/sipp-customer.xml" -p $port -m "${CALLS:-1000}" -r "${RATE:-10}" -d 1000 \
  -key caller 1002 -s 5002 -au 1002 -ap "$PHONE_PASSWORD" "$SWITCH"
wait
