#include "runner/report/change_groups.hpp"

#include "runner/sys/text.hpp"

#include <algorithm>
#include <array>

namespace disco::report {
namespace {

using Kind = ChangeGroup::Kind;
constexpr ChangeGroups::Index single = 0, delivered = 1, manager = 2;

} // namespace

bool is_package_managers(std::string_view path) {
    constexpr std::array<std::string_view, 18> directories = {
        "/var/lib/dpkg",  "/var/lib/apt",          "/var/cache/apt",
        "/var/log/apt",   "/var/cache/debconf",    "/var/lib/systemd/deb-systemd-helper-enabled",
        "/var/lib/ucf",   "/var/cache/ldconfig",   "/var/lib/systemd/deb-systemd-helper-masked",
        "/var/cache/man", "/usr/lib/sysimage/rpm", "/var/lib/systemd/deb-systemd-user-helper-enabled",
        "/var/lib/rpm",   "/var/lib/dnf",          "/var/lib/systemd/deb-systemd-user-helper-masked",
        "/var/cache/dnf", "/var/lib/yum",          "/var/cache/yum"};
    constexpr std::array<std::string_view, 6> files = {"/var/log/dpkg.log",    "/var/log/alternatives.log",
                                                       "/etc/ld.so.cache",     "/var/log/dnf.log",
                                                       "/var/log/dnf.rpm.log", "/var/log/dnf.librepo.log"};
    return std::find(files.begin(), files.end(), path) != files.end() ||
           std::any_of(directories.begin(), directories.end(),
                       [&](std::string_view directory) { return sys::is_at_or_below(path, directory); });
}

ChangeGroups::Index ChangeGroups::note(const RecordedChange& change) {
    if (change.delivered) return delivered;
    if (is_package_managers(change.path)) return manager;
    if (!change.package.empty()) return index_of(Kind::package, change.package);
    if (is_in_tree(change)) return tree_;
    const bool comes_or_goes = !change.before || !change.after;
    tree_ = comes_or_goes && change.type == model::ObjectType::directory ? index_of(Kind::tree, change.path)
                                                                         : single;
    tree_kind_ = change.kind;
    return tree_;
}

bool ChangeGroups::is_in_tree(const RecordedChange& change) const {
    return tree_ != single && change.kind == tree_kind_ && sys::is_below(change.path, groups_[tree_].name);
}

ChangeGroups::Index ChangeGroups::index_of(Kind kind, std::string_view name) {
    if (kind == Kind::single || kind == Kind::delivered || kind == Kind::manager)
        return kind == Kind::single ? single : kind == Kind::delivered ? delivered : manager;
    const auto [at, is_new] = indices_.try_emplace({kind, std::string{name}}, 0);
    if (!is_new) return at->second;
    at->second = static_cast<Index>(groups_.size());
    groups_.push_back({kind, std::string{name}});
    return at->second;
}

} // namespace disco::report
