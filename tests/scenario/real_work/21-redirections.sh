#!/bin/bash
# Every kind of redirection.
echo first >/etc/one
echo second >>/etc/one
: >/etc/empty
{ echo out; echo err >&2; } >/etc/both 2>&1
ls /nowhere &>/etc/failed
exec 3>/etc/three
echo 'through a descriptor' >&3
exec 3>&-
cat </etc/hostname >/etc/copied
set -o noclobber
echo no >/etc/one || echo 'as it was' >|/etc/clobbered
