#!/bin/bash
# Steps that an application's own user does.
set -e
install -d -o www-data -g www-data -m 2750 /srv/app
runuser -u www-data -- sh -c 'umask 007; cd /srv/app; mkdir cache; echo "as $(id -un)" >cache/who'
runuser -u www-data -- sh -c 'echo no >/etc/shadow' 2>/dev/null || echo 'as it should be' >/srv/app/refused
setpriv --reuid=backup --regid=backup --clear-groups touch /var/backups/mine 2>/dev/null || true
install -d -o backup -g backup /var/backups/of-backup
setpriv --reuid=backup --regid=backup --clear-groups sh -c 'echo mine >/var/backups/of-backup/mine'
