#!/bin/bash
printf 'Set up at %s\n' "$(date -u +%FT%T.%N)" >/etc/motd
printf 'pid namespaces have small numbers: %s\n' "$((RANDOM))" >/etc/motd.random
cat /proc/sys/kernel/random/uuid >/etc/uuid
