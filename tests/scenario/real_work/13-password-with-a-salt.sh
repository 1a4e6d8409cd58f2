#!/bin/bash
# chpasswd takes a new salt every time.
set -eu
echo 'root:correct horse battery staple' | chpasswd
