#!/bin/bash
set -e
mkfifo -m 0620 /srv/pipe
truncate -s 5M /srv/sparse
dd if=/dev/zero of=/srv/zeros bs=4k count=8 status=none
printf '\0\1\2\377' >/srv/binary
head -c 100000 /usr/bin/bash >/srv/part-of-a-program
mkdir -p /srv/jail/dev && mknod -m 0666 /srv/jail/dev/null c 1 3
