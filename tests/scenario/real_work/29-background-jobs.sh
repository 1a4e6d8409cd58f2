#!/bin/bash
# Jobs side by side, a coprocess, a lock, and one that nobody waits for.
set -euo pipefail
mkdir -p /srv/jobs
for i in 1 2 3 4; do
    (sleep 0.0$i && echo "job $i" >/srv/jobs/$i) &
done
wait
coproc UPPER { tr a-z A-Z; }
# Copies: the shell closes its own when the coprocess has ended.
exec {from}<&"${UPPER[0]}" {to}>&"${UPPER[1]}" {UPPER[1]}>&-
echo 'through a coprocess' >&"$to"
exec {to}>&-
cat <&"$from" >/srv/jobs/coprocess
(
    flock -x 9
    echo locked >&9
) 9>/srv/jobs/lock
sleep 1000 &
