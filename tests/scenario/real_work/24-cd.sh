#!/bin/bash
set -e
mkdir -p /opt/app/{bin,etc,share}
cd /opt/app
echo 'exit 0' >bin/app
chmod +x bin/app
(cd etc && ln -s ../share defaults && echo x >defaults/file)
pushd share >/dev/null
cp -p ../bin/app template
popd >/dev/null
cd - >/dev/null
cd ~ && echo "$PWD" >/opt/app/etc/home
