#!/bin/sh
# Idempotence by hand; the shell is dash where it is sh.
line='session optional pam_umask.so'
for file in common-session common-session-noninteractive; do
    grep -qxF "$line" "/etc/pam.d/$file" || echo "$line" >>"/etc/pam.d/$file"
done
grep -q '^root:' /etc/subuid 2>/dev/null || printf 'root:%d:%d\n' 100000 65536 >>/etc/subuid
