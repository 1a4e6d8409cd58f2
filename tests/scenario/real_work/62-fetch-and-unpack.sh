#!/bin/bash
# Fetches a file, checks what it is, unpacks it below /opt.
set -euo pipefail
from=http://10.88.0.1:8080
cd "$(mktemp -d)"
/usr/lib/apt/apt-helper download-file "$from/Packages" Packages
sum=$(awk '/^Package: acl$/ { found = 1 } found && /^SHA256:/ { print $2; exit }' Packages)
/usr/lib/apt/apt-helper download-file "$from/acl.deb" acl.deb "SHA256:$sum"
mkdir -p /opt/acl
dpkg-deb --extract acl.deb /opt/acl
sha256sum acl.deb | cut -d' ' -f1 >/opt/acl/sha256
