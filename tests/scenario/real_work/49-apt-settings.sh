#!/bin/bash
set -e
printf 'Package: *\nPin: release a=stable-backports\nPin-Priority: 50\n' >/etc/apt/preferences.d/backports
printf 'APT::Periodic::Unattended-Upgrade "1";\n' >/etc/apt/apt.conf.d/20auto-upgrades
apt-mark hold bash
apt-mark auto procps
