#!/bin/bash
set -e
cat >/etc/sysctl.d/90-router.conf <<'EOF'
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 2
EOF
[[ $(sysctl -n kernel.ostype) == Linux ]]
echo 'kernel.panic = 10' >>/etc/sysctl.d/91-panic.conf
