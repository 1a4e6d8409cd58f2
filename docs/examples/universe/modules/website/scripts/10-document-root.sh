#!/bin/bash
set -e
mkdir -p /srv/website
chown www-data:www-data /srv/website
