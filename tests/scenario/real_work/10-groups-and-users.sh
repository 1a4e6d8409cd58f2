#!/bin/bash
# A deployment user with a home directory, a group to share, and a user that changes.
set -euo pipefail
groupadd --gid 2000 deploy
useradd --uid 2000 --gid deploy --create-home --shell /bin/bash --comment 'Deployment' deploy
usermod --append --groups adm,www-data deploy
usermod --shell /usr/sbin/nologin games
install -d -m 0700 -o deploy -g deploy /home/deploy/.ssh
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmNlbGVjdGVkLWJ5LW5vYm9keS1hdC1hbGw deploy@ci' >/home/deploy/.ssh/authorized_keys
chown deploy:deploy /home/deploy/.ssh/authorized_keys
chmod 0600 /home/deploy/.ssh/authorized_keys
