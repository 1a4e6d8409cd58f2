#!/bin/bash
set -e
mkdir -p '/srv/with space' $'/srv/new\nline' '/srv/-rf' '/srv/glob*[x]?'
echo 1 >$'/srv/new\nline/tab\there'
echo 2 >$'/srv/\xff\xfe-not-utf8'
echo 3 >'/srv/grüße'
echo 4 >'/srv/-rf/"quoted" \back'
ln -s $'to\nnowhere' '/srv/glob*[x]?/link'
