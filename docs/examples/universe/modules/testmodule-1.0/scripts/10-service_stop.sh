#!/bin/bash
if [ -x /etc/init.d/postgresql ]; then
    service postgresql stop
else
    echo "postgresql is not installed here"
fi
