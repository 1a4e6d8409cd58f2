#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace disco::model {

/// The users and groups that a tree's own /etc/passwd and /etc/group name (passwd(5), group(5)). The host's
/// name service is not asked: a tree under --root has users of its own.
class OwnerNames {
public:
    OwnerNames() = default;
    OwnerNames(std::string_view passwd, std::string_view group);

    /// The name, or the number as text when it has none.
    [[nodiscard]] std::string user(uid_t uid) const;
    [[nodiscard]] std::string group(gid_t gid) const;
    /// By name, or by a decimal number that need not be listed.
    [[nodiscard]] std::optional<uid_t> find_user(std::string_view name) const;
    [[nodiscard]] std::optional<gid_t> find_group(std::string_view name) const;

private:
    struct Table {
        std::map<std::uint32_t, std::string> names;
        std::map<std::string, std::uint32_t, std::less<>> ids;
    };
    static Table parse(std::string_view text);
    Table users_, groups_;
};

} // namespace disco::model
