#!/bin/bash
set -e
mkdir -p /usr/local/lib/app
cp -L /usr/lib/*/libz.so.1 /usr/local/lib/app/libapp.so.1
echo /usr/local/lib/app >/etc/ld.so.conf.d/app.conf
ldconfig
