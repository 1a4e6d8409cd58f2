#!/bin/bash
# Builds a package with maintainers' scripts, installs, configures and purges it; another one stays.
set -e
for name in first second; do
    tree=$(mktemp -d)
    mkdir -p "$tree"/{DEBIAN,etc/$name,usr/share/$name}
    printf 'Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: %s\n' \
        "$name" "$name" >"$tree/DEBIAN/control"
    echo "/etc/$name/conf" >"$tree/DEBIAN/conffiles"
    echo "setting 1" >"$tree/etc/$name/conf"
    echo data >"$tree/usr/share/$name/data"
    printf '#!/bin/sh\nset -e\n[ "$1" = configure ] && echo configured >/var/lib/%s\n' "$name" >"$tree/DEBIAN/postinst"
    printf '#!/bin/sh\nset -e\nif [ "$1" = purge ]; then rm -f /var/lib/%s; fi\n' "$name" >"$tree/DEBIAN/postrm"
    chmod 0755 "$tree/DEBIAN" "$tree"/DEBIAN/post*
    chmod -R go+rX "$tree"
    dpkg-deb --root-owner-group --build "$tree" "/tmp/$name.deb"
done
dpkg --install /tmp/first.deb /tmp/second.deb
dpkg --purge first
