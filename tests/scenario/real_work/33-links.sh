#!/bin/bash
set -e
echo content >/srv/original
ln /srv/original /srv/hard
ln -s original /srv/soft
ln -s /nowhere /srv/dangling
ln -sf ../usr/share/zoneinfo/Europe/Madrid /etc/localtime
echo more >>/srv/hard
ln -s /etc /srv/etc
echo 'through a directory symlink' >/srv/etc/linked
