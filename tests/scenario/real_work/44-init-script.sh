#!/bin/bash
# A service of the old kind: its runlevels, and that it starts after the merge.
set -e
cat >/etc/init.d/app <<'EOF'
#!/bin/sh
### BEGIN INIT INFO
# Provides:          app
# Required-Start:    $remote_fs
# Required-Stop:     $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
### END INIT INFO
echo "app: $1"
EOF
chmod 0755 /etc/init.d/app
update-rc.d app defaults
service app start
