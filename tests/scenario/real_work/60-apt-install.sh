#!/bin/bash
# A daemon with all it needs, as a node gets it.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends openssh-server rsync acl
apt-mark showmanual | sort >/var/lib/misc/manual
sed -i 's/^#\?PermitRootLogin.*/PermitRootLogin no/' /etc/ssh/sshd_config
