#include "runner/report/change_outline.hpp"

#include "runner/sys/text.hpp"

#include <map>
#include <utility>

namespace disco::report {
namespace {

/// Adds changes to a group, in order.
class GroupMaker {
public:
    void add(const RecordedChange& change, std::uint32_t place) {
        close_all_but_those_above(change.path);
        group_.changes.push_back(place);
        ++group_.counts.at(static_cast<std::size_t>(change.kind));
        if (!is_whole_directory(change)) return;
        open_.push_back({change.path, group_.below.size(), group_.changes.size()});
        group_.below.push_back(0);
    }
    OutlineGroup finish() && {
        while (!open_.empty()) close_last();
        return std::move(group_);
    }

private:
    struct Directory {
        std::string path;
        std::size_t at;    ///< in group_.below
        std::size_t first; ///< of what lies in it, in group_.changes
    };
    void close_all_but_those_above(std::string_view path) {
        while (!open_.empty() && !sys::is_below(path, open_.back().path)) close_last();
    }
    void close_last() {
        const Directory& last = open_.back();
        group_.below[last.at] = static_cast<std::uint32_t>(group_.changes.size() - last.first);
        open_.pop_back();
    }
    OutlineGroup group_;
    std::vector<Directory> open_; ///< each lies in the one before
};

} // namespace

bool is_whole_directory(const RecordedChange& change) {
    return change.type == model::ObjectType::directory &&
           (change.kind == model::ChangeKind::created || change.kind == model::ChangeKind::deleted);
}

ChangeOutline outline_of(const model::ModuleReport& module, const ChangeLog& changes) {
    GroupMaker delivered, own, manager;
    std::map<std::string, GroupMaker> packages;
    for (const model::PackageChange& package : module.packages) packages[package.name];
    const auto maker_of = [&](const ChangeGroup& group) -> GroupMaker& {
        if (group.kind == ChangeGroup::Kind::delivered) return delivered;
        if (group.kind == ChangeGroup::Kind::manager) return manager;
        if (group.kind != ChangeGroup::Kind::package) return own;
        const auto package = packages.find(group.name); // not there: its file changed without it
        return package == packages.end() ? own : package->second;
    };
    auto place = static_cast<std::uint32_t>(module.first_change);
    const auto add = [&](std::string_view json) {
        maker_of(changes.group_of(place)).add(read_change(json), place);
        ++place;
    };
    changes.for_each_json(module.first_change, module.changes(), add, Contents::short_);
    ChangeOutline outline{
        std::move(delivered).finish(), std::move(own).finish(), {}, std::move(manager).finish()};
    for (const model::PackageChange& package : module.packages)
        outline.packages.push_back(std::move(packages[package.name]).finish());
    return outline;
}

} // namespace disco::report
