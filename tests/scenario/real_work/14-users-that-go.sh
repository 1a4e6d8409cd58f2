#!/bin/bash
set -eu
useradd -m leaver
usermod -aG adm,games leaver
userdel --remove leaver
userdel games
groupdel irc 2>/dev/null || groupmod --new-name irc-users irc
