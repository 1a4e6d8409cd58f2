#!/bin/bash
set -e
cat >/etc/systemd/system/app.service <<'EOF'
[Unit]
Description=The application
After=network-online.target

[Service]
ExecStart=/usr/local/bin/app --port 8080
User=www-data
Restart=on-failure

[Install]
WantedBy=multi-user.target
EOF
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Service]\nNice=-5\n' >/etc/systemd/system/ssh.service.d/nice.conf
ln -sf /dev/null /etc/systemd/system/ctrl-alt-del.target
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -s ../app.service /etc/systemd/system/multi-user.target.wants/app.service
systemctl daemon-reload
systemctl restart app.service
