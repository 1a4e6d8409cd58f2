#!/usr/bin/python3
"""File capabilities and ACLs, as setcap and setfacl set them."""
import os
import struct

# cap_net_bind_service=ep, revision 2
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
# user::rw-, user:33:r--, group::r--, mask::r--, other::---
ENTRIES = [(1, 6, 0xFFFFFFFF), (2, 4, 33), (4, 4, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF)]
ACL = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in ENTRIES)

os.setxattr("/usr/bin/stat", "security.capability", CAPABILITY)
with open("/srv/shared", "w", encoding="ascii") as out:
    out.write("for one more user\n")
os.setxattr("/srv/shared", "system.posix_acl_access", ACL)
os.setxattr("/etc/hostname", "system.posix_acl_access", ACL)
os.mkdir("/srv/inheriting")
os.setxattr("/srv/inheriting", "system.posix_acl_default", ACL)
with open("/srv/inheriting/child", "w", encoding="ascii") as out:
    out.write("inherits\n")
