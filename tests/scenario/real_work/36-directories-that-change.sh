#!/bin/bash
# Removed and made again, moved, replaced by other kinds.
set -e
rm -rf /etc/skel && mkdir -m 0700 /etc/skel && echo new >/etc/skel/.profile
mv /etc/profile.d /etc/profile.old
rm -rf /usr/share/base-files && ln -s /nowhere /usr/share/base-files
rm /etc/issue && mkdir /etc/issue && echo x >/etc/issue/x
rm -rf /usr/share/common-licenses && echo 'a file now' >/usr/share/common-licenses
mkdir -p /opt/a/b/c && mv /opt/a/b /opt/b && rmdir /opt/a
