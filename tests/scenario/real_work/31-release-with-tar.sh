#!/bin/bash
# A release directory, a symlink that is switched, and the old release removed.
set -euo pipefail
cd "$(mktemp -d)"
mkdir -p app/{lib,public}
for i in 1 2 3; do echo "part $i" >app/lib/part$i; done
ln -s ../lib/part1 app/public/index
tar -cf app.tar --owner=www-data --group=www-data --sort=name app
mkdir -p /srv/app/releases/1 /srv/app/releases/2
tar -xf app.tar -C /srv/app/releases/1 --strip-components=1
ln -sfn releases/1 /srv/app/current
tar -xf app.tar -C /srv/app/releases/2 --strip-components=1
ln -sfn releases/2 /srv/app/current
rm -rf /srv/app/releases/1
