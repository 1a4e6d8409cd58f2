#!/bin/bash
set -euo pipefail
host=$(cat /etc/hostname)
cat >/etc/issue <<EOF
Welcome to $host. Today it has $(wc -l </etc/passwd) accounts.
EOF
cat >/etc/profile.d/prompt.sh <<'EOF'
PS1='\u@\h:\w\$ '
EOF
cat <<-EOF | tee /etc/issue.net >/dev/null
	indented by tabs
EOF
read -r word _ <<<"here strings too"
echo "$word" >>/etc/issue.net
