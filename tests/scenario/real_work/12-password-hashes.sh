#!/bin/bash
# Hashes that are given, and how long they last.
set -eu
usermod --password '$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/' root
passwd --lock backup
chage --mindays 1 --maxdays 90 --warndays 14 root
