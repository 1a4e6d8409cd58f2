#include "runner/model/owner_names.hpp"

#include <charconv>

namespace disco::model {
namespace {

std::optional<std::uint32_t> parse_id(std::string_view text) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return id;
}

std::string_view take_until(std::string_view& rest, char separator) {
    const std::size_t end = rest.find(separator);
    const std::string_view field = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return field;
}

} // namespace

OwnerNames::OwnerNames(std::string_view passwd, std::string_view group)
    : users_{parse(passwd)}, groups_{parse(group)} {}

// Both files begin name:password:id. The first line of a name or id counts, as in libc.
OwnerNames::Table OwnerNames::parse(std::string_view text) {
    Table table;
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        const std::string_view name = take_until(line, ':');
        take_until(line, ':');
        const auto id = parse_id(take_until(line, ':'));
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
    return found != users_.ids.end() ? found->second : parse_id(name);
}

std::optional<gid_t> OwnerNames::find_group(std::string_view name) const {
    const auto found = groups_.ids.find(name);
    return found != groups_.ids.end() ? found->second : parse_id(name);
}

} // namespace disco::model
