#!/bin/bash
set -e
mkdir -p /etc/cron.d /etc/cron.daily
cat >/etc/cron.d/backup <<'EOF'
MAILTO=root
17 3 * * *  root  test -x /usr/local/sbin/backup && /usr/local/sbin/backup
EOF
chmod 0644 /etc/cron.d/backup
printf '#!/bin/sh\nexec find /tmp -mtime +7 -delete\n' >/etc/cron.daily/tidy
chmod 0755 /etc/cron.daily/tidy
[[ -f /etc/crontab ]] || printf 'SHELL=/bin/sh\n25 6 * * * root run-parts /etc/cron.daily\n' >/etc/crontab
sed -i 's/^25 6/55 5/' /etc/crontab
mkdir -p /var/spool/cron/crontabs
echo '@hourly true' >/var/spool/cron/crontabs/root
chmod 0600 /var/spool/cron/crontabs/root
