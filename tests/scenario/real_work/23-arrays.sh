#!/bin/bash
# Arrays, associative ones, and how both are walked.
set -euo pipefail
sites=(www shop 'status page')
declare -A ports=([www]=8080 [shop]=8081 ['status page']=8082)
for i in "${!sites[@]}"; do
    name=${sites[i]}
    file=/etc/sites/${name// /-}.conf
    mkdir -p "${file%/*}"
    printf 'order %d\nname "%s"\nport %d\n' "$i" "$name" "${ports[$name]}" >"$file"
done
mapfile -t users < <(cut -d: -f1 /etc/passwd | sort)
printf '%s\n' "${#users[@]} users" "${users[@]:0:3}" >/etc/sites/users
