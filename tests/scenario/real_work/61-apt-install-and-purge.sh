#!/bin/bash
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends rsync acl
apt-get purge --yes rsync
apt-get clean
rm -rf /var/lib/apt/lists
setfacl --modify user:www-data:rX /root
