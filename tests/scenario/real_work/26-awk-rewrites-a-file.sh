#!/bin/bash
# The careful way: write aside, keep the mode, rename.
set -eu
new=$(mktemp /etc/login.defs.XXXXXX)
awk '/^UID_MIN/ { $2 = 5000 } { print } END { print "# rewritten" }' /etc/login.defs >"$new"
chmod --reference=/etc/login.defs "$new"
mv "$new" /etc/login.defs
