#!/bin/bash
# A secret that is made once.
set -euo pipefail
key=/etc/app/secret.key
if [[ ! -s $key ]]; then
    install -d -m 0750 /etc/app
    (umask 077 && head -c 32 /dev/urandom | base64 >"$key")
fi
echo "made by $(id -un)" >/etc/app/README
