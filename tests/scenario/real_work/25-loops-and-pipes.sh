#!/bin/bash
set -euo pipefail
while IFS=: read -r user _ uid gid _ home shell; do
    if ((uid >= 1000)) || [[ $shell == */bash ]]; then printf '%-10s %5d %5d %s\n' "$user" "$uid" "$gid" "$home"; fi
done </etc/passwd | sort >/var/lib/misc/people
grep -v '^#' /etc/services 2>/dev/null | head -3 >/var/lib/misc/services || true
comm -12 <(cut -d: -f1 /etc/passwd | sort) <(cut -d: -f1 /etc/group | sort) | tee /var/lib/misc/both | wc -l >/var/lib/misc/count
seq 1 5 | xargs -I{} touch /var/lib/misc/number-{}
