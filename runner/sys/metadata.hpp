#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Extended attributes of objects of any type, named by a directory descriptor and a name in it (one
// component, or a path without symlinks). The last component is never followed. Throws SysError.
namespace disco::sys {

/// Name and value, sorted by name. ACLs are among them (system.posix_acl_access, system.posix_acl_default).
using Xattrs = std::vector<std::pair<std::string, std::string>>;

/// Every extended attribute; none on a file system without them. Ones that vanish meanwhile are left out.
[[nodiscard]] Xattrs read_xattrs_at(int directory, const std::filesystem::path& name);

/// Their names alone.
[[nodiscard]] std::vector<std::string> xattr_names_at(int directory, const std::filesystem::path& name);

/// The same for an open descriptor (not O_PATH).
[[nodiscard]] Xattrs read_xattrs(int fd, const std::filesystem::path& name_for_messages);

/// One of them; nothing when it is not there.
[[nodiscard]] std::optional<std::string> read_xattr_at(int directory, const std::filesystem::path& name,
                                                       const std::string& attribute);

void set_xattr_at(int directory, const std::filesystem::path& name, const std::string& attribute,
                  const std::string& value);

/// Makes them exactly `wanted`, but for those of which `untouched` says that they stay as they are.
void replace_xattrs_at(int directory, const std::filesystem::path& name, const Xattrs& wanted,
                       bool (*untouched)(const std::string& attribute) = nullptr);

/// Absent is fine.
void remove_xattr_at(int directory, const std::filesystem::path& name, const std::string& attribute);

} // namespace disco::sys
