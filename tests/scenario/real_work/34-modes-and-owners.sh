#!/bin/bash
set -e
chmod 0750 /root /etc/cron.daily
chmod -R go-rwx /etc/apt/apt.conf.d
chown -R root:adm /var/log
chgrp shadow /etc/gshadow
chmod u+s,g+s /usr/bin/chfn
chown --no-dereference 33:33 /etc/os-release
umask 077
touch /srv/private
mkdir /srv/private.d
