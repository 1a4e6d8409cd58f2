#!/bin/bash
set -e
debconf-set-selections <<'EOF'
tzdata tzdata/Areas select Europe
tzdata tzdata/Zones/Europe select Lisbon
EOF
ln -sf /usr/share/zoneinfo/Europe/Lisbon /etc/localtime
echo Europe/Lisbon >/etc/timezone
