#!/bin/bash
# Written in place: the object stays the same, the bytes do not.
set -e
echo 'PermitEmptyPasswords no' >>/etc/login.defs
truncate -s 10 /etc/passwd-copy 2>/dev/null
cp /etc/passwd /etc/passwd-copy
truncate -s 100 /etc/passwd-copy
printf 'X' | dd of=/etc/passwd-copy bs=1 seek=5 conv=notrunc status=none
: >/etc/debian_version
touch -d '2001-02-03 04:05:06 UTC' /etc/hostname /srv/dated
