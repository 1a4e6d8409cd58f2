#include "runner/model/owner_names.hpp"

#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

namespace disco::model {

OwnerNames::OwnerNames(std::string_view passwd, std::string_view group)
    : users_{parse(passwd)}, groups_{parse(group)} {}

// Both files begin name:password:id. The first line of a name or id counts, as in libc.
OwnerNames::Table OwnerNames::parse(std::string_view text) {
    Table table;
    for (std::string_view line : sys::lines_of(text)) {
        const std::string_view name = sys::take_until(line, ':');
        sys::take_until(line, ':');
        const auto id = sys::number_in<std::uint32_t>(sys::take_until(line, ':'));
        if (name.empty() || name.starts_with('#') || !id) continue;
        table.names.emplace(*id, name);
        table.ids.emplace(name, *id);
    }
    return table;
}

std::string OwnerNames::user(uid_t uid) const {
    const auto found = users_.names.find(uid);
    return found == users_.names.end() ? std::to_string(uid) : found->second;
}

std::string OwnerNames::group(gid_t gid) const {
    const auto found = groups_.names.find(gid);
    return found == groups_.names.end() ? std::to_string(gid) : found->second;
}

std::optional<uid_t> OwnerNames::find_user(std::string_view name) const {
    const auto found = users_.ids.find(name);
    return found != users_.ids.end() ? found->second : sys::number_in<uid_t>(name);
}

std::optional<gid_t> OwnerNames::find_group(std::string_view name) const {
    const auto found = groups_.ids.find(name);
    return found != groups_.ids.end() ? found->second : sys::number_in<gid_t>(name);
}

} // namespace disco::model
