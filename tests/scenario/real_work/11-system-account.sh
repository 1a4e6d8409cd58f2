#!/bin/bash
# What packages of daemons do in their postinst.
set -e
if ! getent passwd _metrics >/dev/null; then
    adduser --quiet --system --group --home /var/lib/metrics --shell /usr/sbin/nologin --gecos 'Metrics' _metrics
fi
adduser --quiet _metrics adm
install -d -o _metrics -g _metrics -m 0750 /var/log/metrics
