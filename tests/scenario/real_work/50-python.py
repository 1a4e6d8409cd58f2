#!/usr/bin/python3
"""Rewrites settings, in Python."""
import os
import re

with open("/etc/adduser.conf", encoding="utf-8") as lines:
    text = lines.read()
text = re.sub(r"^#?FIRST_UID=.*$", "FIRST_UID=20000", text, flags=re.MULTILINE)
aside = "/etc/adduser.conf.new"
with open(aside, "w", encoding="utf-8") as out:
    out.write(text)
os.chmod(aside, os.stat("/etc/adduser.conf").st_mode & 0o7777)
os.replace(aside, "/etc/adduser.conf")

os.makedirs("/srv/data/2024", mode=0o750)
for month in range(1, 13):
    with open(f"/srv/data/2024/{month:02}.csv", "wb") as table:
        table.write(b"day,value\n" + b"".join(b"%d,%d\n" % (day, day * month) for day in range(1, 29)))
os.setxattr("/srv/data", "user.origin", b"generated")
os.setxattr("/srv/data/2024/01.csv", "user.bytes", b"\x00\x01\xff")
