#!/bin/bash
# Succeeds while the softphone is registered at the switch: its answer to "reginfo" (netstrings of JSON) says OK then.
exec 3<> "/dev/tcp/127.0.0.1/${CONTROL:-4444}" || exit 1
printf '21:{"command":"reginfo"},' >&3
timeout 1 cat <&3 | grep -q OK
