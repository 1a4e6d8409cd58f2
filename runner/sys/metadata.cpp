#include "runner/sys/metadata.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/xattr_calls.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/xattr.h>

#include <fmt/format.h>

namespace disco::sys {
namespace {

/// There is no getxattrat(2) before Linux 6.13; a magic link names the directory, and the l…xattr calls do
/// not follow what comes after it.
XattrCalls by_name(int directory, const std::filesystem::path& name) {
    if (directory == AT_FDCWD) return {name.native(), name};
    return {fmt::format("/proc/self/fd/{}/{}", directory, name.native()), name};
}

/// Calls `ask(buffer, size)` until the buffer holds the whole answer; false when there is none.
template <class Ask>
bool read_growing(std::string& buffer, std::string_view attempt, const std::filesystem::path& name,
                  const Ask& ask) {
    if (buffer.size() < 256) buffer.resize(256);
    for (;;) {
        const ssize_t length = ask(buffer.data(), buffer.size());
        if (length >= 0) {
            buffer.resize(static_cast<std::size_t>(length));
            return true;
        }
        if (errno == ENODATA || errno == ENOTSUP) return false;
        if (errno != ERANGE) throw SysError{errno, attempt, name};
        buffer.resize(buffer.size() * 4);
    }
}

/// XFS lists an ACL a second time, under the name by which it stores it. To set or remove that one changes
/// the ACL as well, and elsewhere it would mean nothing.
bool is_stored_acl(std::string_view attribute) {
    return attribute == "trusted.SGI_ACL_FILE" || attribute == "trusted.SGI_ACL_DEFAULT";
}

template <class List, class Get>
Xattrs collect(const std::filesystem::path& name, const List& list, const Get& get) {
    Xattrs attributes;
    std::string names;
    if (!read_growing(names, "list the extended attributes of", name, list)) return attributes;
    for (std::size_t at = 0; at < names.size();) {
        std::string attribute = names.substr(at, names.find('\0', at) - at);
        at += attribute.size() + 1;
        if (is_stored_acl(attribute)) continue;
        std::string value;
        const bool there =
            read_growing(value, "read an extended attribute of", name, [&](char* buffer, std::size_t size) {
                return get(attribute.c_str(), buffer, size);
            });
        if (there) attributes.emplace_back(std::move(attribute), std::move(value));
    }
    std::sort(attributes.begin(), attributes.end());
    return attributes;
}

void set_one(const XattrCalls& calls, const std::string& attribute, const std::string& value) {
    check(calls.set(calls.path.c_str(), attribute.c_str(), value.data(), value.size(), 0),
          fmt::format("set extended attribute {} of", attribute), calls.shown);
}

void remove_one(const XattrCalls& calls, const std::string& attribute) {
    if (calls.remove(calls.path.c_str(), attribute.c_str()) == 0 || errno == ENODATA) return;
    throw SysError{errno, fmt::format("remove extended attribute {} of", attribute), calls.shown};
}

} // namespace

Xattrs read_xattrs(const XattrCalls& calls) {
    return collect(
        calls.shown,
        [&](char* buffer, std::size_t size) { return calls.list(calls.path.c_str(), buffer, size); },
        [&](const char* attribute, char* buffer, std::size_t size) {
            return calls.get(calls.path.c_str(), attribute, buffer, size);
        });
}

void replace_xattrs(const XattrCalls& calls, const Xattrs& wanted,
                    bool (*untouched)(const std::string& attribute)) {
    Xattrs there = read_xattrs(calls);
    if (untouched != nullptr) std::erase_if(there, [&](const auto& one) { return untouched(one.first); });
    for (const auto& old : there) {
        const bool stays = std::any_of(wanted.begin(), wanted.end(),
                                       [&](const auto& one) { return one.first == old.first; });
        if (!stays) remove_one(calls, old.first);
    }
    for (const auto& one : wanted)
        if (!std::binary_search(there.begin(), there.end(), one)) set_one(calls, one.first, one.second);
}

Xattrs read_xattrs_at(int directory, const std::filesystem::path& name) {
    return read_xattrs(by_name(directory, name));
}

std::vector<std::string> xattr_names_at(int directory, const std::filesystem::path& name) {
    const XattrCalls calls = by_name(directory, name);
    std::vector<std::string> attributes;
    std::string names;
    if (!read_growing(names, "list the extended attributes of", name, [&](char* buffer, std::size_t size) {
            return calls.list(calls.path.c_str(), buffer, size);
        }))
        return attributes;
    for (std::size_t at = 0; at < names.size(); at += attributes.back().size() + 1)
        attributes.emplace_back(names.c_str() + at);
    return attributes;
}

Xattrs read_xattrs(int fd, const std::filesystem::path& name_for_messages) {
    return collect(
        name_for_messages, [&](char* buffer, std::size_t size) { return ::flistxattr(fd, buffer, size); },
        [&](const char* attribute, char* buffer, std::size_t size) {
            return ::fgetxattr(fd, attribute, buffer, size);
        });
}

std::optional<std::string> read_xattr_at(int directory, const std::filesystem::path& name,
                                         const std::string& attribute) {
    const XattrCalls calls = by_name(directory, name);
    std::string value;
    const bool there =
        read_growing(value, "read an extended attribute of", name, [&](char* buffer, std::size_t size) {
            return calls.get(calls.path.c_str(), attribute.c_str(), buffer, size);
        });
    return there ? std::optional{std::move(value)} : std::nullopt;
}

void set_xattr_at(int directory, const std::filesystem::path& name, const std::string& attribute,
                  const std::string& value) {
    set_one(by_name(directory, name), attribute, value);
}

void remove_xattr_at(int directory, const std::filesystem::path& name, const std::string& attribute) {
    remove_one(by_name(directory, name), attribute);
}

void replace_xattrs_at(int directory, const std::filesystem::path& name, const Xattrs& wanted,
                       bool (*untouched)(const std::string& attribute)) {
    replace_xattrs(by_name(directory, name), wanted, untouched);
}

} // namespace disco::sys
