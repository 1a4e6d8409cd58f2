#!/bin/bash
set -e
find /etc/apt -type f -exec chmod 0640 {} +
find /etc -maxdepth 1 -name '*.conf' -newermt 1990-01-01 -exec sh -c 'for f; do cp -p "$f" "$f.bak"; done' sh {} +
find /usr/share/bash-completion /usr/share/bug -depth -delete 2>/dev/null || true
find /etc -xdev -type l ! -exec test -e {} \; -print0 | sort -z | xargs -0r rm -v
