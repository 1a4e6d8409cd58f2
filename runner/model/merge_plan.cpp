#include "runner/model/merge_plan.hpp"

#include "runner/model/link_groups.hpp"
#include "runner/sys/printable.hpp"

#include <set>

#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::model {
namespace {

using Kind = ComposedEntry::Kind;
using Iterator = Composition::Entries::const_iterator;

class Planner {
public:
    explicit Planner(const Composition& composition) : composition_{composition}, links_{composition} {}

    MergePlan plan() {
        const auto end = composition_.entries().end();
        for (auto at = composition_.entries().begin(); at != end;) at = take(at);
        plan_times();
        return std::move(plan_);
    }

private:
    /// Plans an entry and, for a directory that comes as a whole, all that is in it; returns the next one.
    Iterator take(Iterator at) {
        const auto& [path, entry] = *at;
        switch (entry.kind) {
        case Kind::absent:
            if (entry.live) plan_.live.emplace_back(Remove{path, *entry.live, next_name()});
            break;
        case Kind::object:
            clean(path, entry);
            bring(path, entry);
            break;
        case Kind::metadata:
        case Kind::equal:
            if (!entry.live) break;
            if (links_.has_to_come(entry)) {
                clean(path, entry);
                bring(path, entry);
            } else if (entry.kind == Kind::metadata && is_first_name(entry)) {
                plan_.live.emplace_back(SetMetadata{
                    path, {ObjectSource::Location::layer, path}, *entry.live, entry.flags, nullptr});
            }
            break;
        case Kind::directory: return take_directory(at);
        }
        return std::next(at);
    }

    Iterator take_directory(Iterator at) {
        const auto& [path, entry] = *at;
        const auto [begin, end] = composition_.inside(path);
        clean(path, entry);
        for (auto inner = begin; inner != end; ++inner) clean(inner->first, inner->second);
        bring(path, entry);
        return end;
    }

    /// Metadata set by one name is set for all.
    bool is_first_name(const ComposedEntry& entry) {
        return !links_.is_shared(entry) || set_.insert(entry.live->inode).second;
    }

    void plan_times() {
        std::set<std::string> directories;
        for (const LiveStep& step : plan_.live) {
            const std::string& path = path_of(step);
            if (const auto* metadata = std::get_if<SetMetadata>(&step)) {
                if (S_ISDIR(metadata->expected.mode)) directories.insert(path);
                continue;
            }
            const std::size_t slash = path.rfind('/');
            directories.insert(slash == std::string::npos ? std::string{} : path.substr(0, slash));
        }
        for (const std::string& path : directories)
            if (const timespec* modified = composition_.time_of(path))
                plan_.parents_after.push_back({path, {.tv_sec = 0, .tv_nsec = UTIME_OMIT}, *modified});
    }

    void bring(const std::string& path, const ComposedEntry& entry) {
        ObjectSource from{ObjectSource::Location::layer, path};
        if (entry.flags != 0) plan_.flags.push_back({path, entry.flags});
        if (entry.live)
            plan_.live.emplace_back(Exchange{path, std::move(from), *entry.live});
        else
            plan_.live.emplace_back(PutNew{path, std::move(from)});
    }

    void clean(const std::string& path, const ComposedEntry& entry) {
        if (entry.has_bookkeeping) (entry.only_origin ? plan_.clean_origin : plan_.clean).push_back(path);
    }

    std::string next_name() { return std::to_string(next_++); }

    const Composition& composition_;
    LinkGroups links_;
    std::set<std::uint64_t> set_; ///< live inodes with several names whose metadata is planned
    MergePlan plan_;
    std::size_t next_ = 0;
};

std::string shown(const char* verb, const std::string& path, const std::string& prefix) {
    return fmt::format("{} '{}'", verb, sys::printable(prefix + "/" + path));
}

} // namespace

bool differ_in_times_alone(const MetadataChange& change) {
    const Metadata &a = change.before, &b = change.after;
    return a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.xattrs == b.xattrs &&
           a.flags.value_or(0) == b.flags.value_or(0);
}

std::string describe(const PutNew& step, const std::string& prefix) {
    return shown("put", step.path, prefix);
}
std::string describe(const Exchange& step, const std::string& prefix) {
    return shown("replace", step.path, prefix);
}
std::string describe(const Remove& step, const std::string& prefix) {
    return shown("remove", step.path, prefix);
}
std::string describe(const SetMetadata& step, const std::string& prefix) {
    return shown("set the metadata of", step.path, prefix);
}

MergePlan plan_merge(const Composition& composition) { return Planner{composition}.plan(); }

} // namespace disco::model
