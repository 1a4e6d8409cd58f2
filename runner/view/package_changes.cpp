#include "runner/view/package_changes.hpp"

#include "runner/sys/files.hpp"
#include "runner/sys/text.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include <nettle/md5.h>

namespace disco::view {
namespace {

constexpr std::size_t largest_status = std::size_t{64} << 20;
constexpr std::uint64_t largest_conffile = std::uint64_t{16} << 20;

/// Nothing where there is no such file; a script may have made anything of it.
std::optional<std::string> text_at(const std::filesystem::path& top, std::string_view path,
                                   std::size_t largest) {
    const sys::UniqueFd root = sys::open_directory(top);
    const sys::UniqueFd file = sys::try_open_regular_in_root(root.get(), path);
    if (!file) return std::nullopt;
    return sys::read_all(file.get(), top.string() + std::string{path}, largest);
}

std::string md5_in_hex(std::string_view bytes) {
    md5_ctx context = {};
    ::nettle_md5_init(&context);
    ::nettle_md5_update(&context, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
    std::uint8_t digest[MD5_DIGEST_SIZE];
    ::nettle_md5_digest(&context, sizeof digest, digest);
    std::string text;
    for (const std::uint8_t byte : digest)
        text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    return text;
}

/// Where a link leads, by its words alone.
std::string led_to(const std::string& link, const std::string& target) {
    const std::filesystem::path from = std::filesystem::path{link}.parent_path();
    return (from / target).lexically_normal().string();
}

/// A link of update-rc.d(8): "/etc/rc2.d/S01nginx".
bool is_runlevel_link(std::string_view path) {
    constexpr std::string_view start = "/etc/rc", end = ".d/";
    return path.starts_with(start) && path.size() > start.size() + 1 &&
           path.substr(start.size() + 1).starts_with(end);
}

} // namespace

std::vector<model::PackageChange> PackageChanges::read_layer() {
    any_ = false;
    alternatives_.clear();
    const std::size_t mount = layers_.mount_of(report::package_status);
    const std::string_view path = report::package_status.substr(layers_.managed()[mount].inside.size());
    if (!layers_.has_upper(mount)) return {};
    const auto changed = text_at(layers_.upper(mount), path, largest_status);
    if (!changed) return {};
    if (!std::exchange(read_live_, true))
        after_ = report::read_package_states(
            text_at(layers_.managed()[mount].live, path, largest_status).value_or(""));
    before_ = std::move(after_);
    after_ = report::read_package_states(*changed);
    auto changes = report::changed_packages(before_, after_);
    any_ = !changes.empty();
    return changes;
}

std::string_view PackageChanges::package_of(const model::Change& change, const std::filesystem::path& upper,
                                            std::string_view inside) {
    if (const std::string_view owner = owners_.owner_of(change); !owner.empty()) return owner;
    const bool comes_or_goes = !change.before || !change.after;
    if (!any_ || !comes_or_goes) return {};
    switch ((change.after ? change.after : change.before)->type) {
    case model::ObjectType::file: return owner_of_conffile(change, upper, inside);
    case model::ObjectType::symlink: return owner_of_link(change);
    default: return {};
    }
}

std::string_view PackageChanges::owner_of_conffile(const model::Change& change,
                                                   const std::filesystem::path& upper,
                                                   std::string_view inside) const {
    const report::PackageStates& states = change.after ? after_ : before_;
    const auto owner = states.owners.find(change.path);
    if (owner == states.owners.end()) return {};
    if (!change.after) return owner->second;
    if (change.after->size > largest_conffile) return {};
    const auto content =
        text_at(upper, std::string_view{change.path}.substr(inside.size()), std::size_t{largest_conffile});
    const bool as_shipped = content && md5_in_hex(*content) == states.conffiles.find(change.path)->second;
    return as_shipped ? std::string_view{owner->second} : std::string_view{};
}

std::string_view PackageChanges::owner_of_link(const model::Change& change) {
    const bool comes = change.after.has_value();
    const std::string target = led_to(change.path, (comes ? change.after : change.before)->target);
    if (is_runlevel_link(change.path)) {
        const report::PackageStates& states = comes ? after_ : before_;
        const auto owner = states.owners.find(target);
        return owner == states.owners.end() ? std::string_view{} : std::string_view{owner->second};
    }
    constexpr std::string_view alternatives = "/etc/alternatives/";
    if (change.path.starts_with(alternatives)) {
        const std::string_view owner = owners_.owner_of_file(target);
        return owner.empty() ? owner : alternatives_.insert_or_assign(change.path, owner).first->second;
    }
    const auto known = alternatives_.find(target); // "/usr/bin/vi", which leads to the first kind
    return known == alternatives_.end() ? std::string_view{} : std::string_view{known->second};
}

} // namespace disco::view
