#!/bin/bash
set -e
export DEBIAN_FRONTEND=noninteractive
echo 'tzdata tzdata/Areas select Asia' | debconf-set-selections
echo 'tzdata tzdata/Zones/Asia select Tokyo' | debconf-set-selections
ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime
dpkg-reconfigure tzdata
pam-auth-update --package --force
