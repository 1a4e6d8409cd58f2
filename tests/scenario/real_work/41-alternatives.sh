#!/bin/bash
set -e
for editor in small large; do
    printf '#!/bin/sh\necho %s "$@"\n' "$editor" >"/usr/local/bin/edit-$editor"
    chmod 0755 "/usr/local/bin/edit-$editor"
done
update-alternatives --install /usr/bin/editor editor /usr/local/bin/edit-small 10
update-alternatives --install /usr/bin/editor editor /usr/local/bin/edit-large 50
update-alternatives --set editor /usr/local/bin/edit-small
