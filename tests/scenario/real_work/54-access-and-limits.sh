#!/bin/bash
set -e
echo '%adm ALL=(ALL:ALL) ALL' >/etc/sudoers.d-adm
mkdir -p -m 0750 /etc/sudoers.d && mv /etc/sudoers.d-adm /etc/sudoers.d/adm && chmod 0440 /etc/sudoers.d/adm
printf '* hard nofile 65536\n' >>/etc/security/limits.conf
printf '+:root:LOCAL\n-:ALL:ALL\n' >>/etc/security/access.conf
printf 'blacklist floppy\n' >/etc/modprobe.d/floppy.conf 2>/dev/null || { mkdir -p /etc/modprobe.d; echo 'blacklist floppy' >/etc/modprobe.d/floppy.conf; }
printf '/var/log/app.log {\n\tweekly\n\trotate 4\n}\n' | install -D -m 0644 /dev/stdin /etc/logrotate.d/app
printf '192.0.2.1\tdb.example.org db\n' >>/etc/hosts
