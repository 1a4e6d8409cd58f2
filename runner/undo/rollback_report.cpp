#include "runner/undo/rollback_report.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/model/action_queue.hpp"
#include "runner/model/owner_names.hpp"
#include "runner/report/inverse_change.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::undo {
namespace {

using Kind = model::ChangeKind;

/// Which of a run's changes its rollback does not undo.
class Leftovers {
public:
    Leftovers(const merge::Rollback& rollback, model::PathGlobs& keep)
        : rollback_{rollback},
          keep_{keep},
          live_{sys::open_directory(rollback.root), merge::DirectoryCache::Mounts::all} {}

    [[nodiscard]] bool contains(const report::RecordedChange& change) {
        if (is_lost(change.path) || keep_.cover(change.path) || rollback_.stay.contains(change.path))
            return true;
        // What is gone from a directory that stays is gone, whoever has removed it.
        const std::string_view parent = std::string_view{change.path}.substr(0, change.path.rfind('/'));
        return change.kind == Kind::deleted && rollback_.stay.contains(parent) &&
               !live_.status_of(change.path.substr(1));
    }

private:
    /// It, or a directory above it.
    [[nodiscard]] bool is_lost(std::string_view path) const {
        for (; !path.empty(); path = path.substr(0, path.rfind('/')))
            if (rollback_.lost.contains(path)) return true;
        return false;
    }

    const merge::Rollback& rollback_;
    model::PathGlobs& keep_;
    merge::DirectoryCache live_;
};

/// The name of a unit that may run, from the path of its file or of its script for SysV init; else empty.
std::string running_unit(std::string_view path) {
    constexpr std::string_view units = "/systemd/system/", scripts = "/etc/init.d/";
    if (path.starts_with(scripts)) return std::string{path.substr(scripts.size())} + ".service";
    const std::size_t at = path.find(units);
    if (at == std::string_view::npos) return {};
    const std::string_view name = path.substr(at + units.size());
    if (name.find('/') != std::string_view::npos) return {};
    for (const char* end : {".service", ".socket", ".timer", ".path"}) {
        if (!name.ends_with(end)) continue;
        const std::size_t instance = name.find("@."); // of a template all instances that there are
        return instance == std::string_view::npos
                   ? std::string{name}
                   : fmt::format("{}@*{}", name.substr(0, instance), name.substr(instance + 1));
    }
    return {};
}

} // namespace

UndoneUnits report_undone_changes(const std::string& run, const merge::Rollback& rollback,
                                  model::PathGlobs& keep, const run::StateDirectory& state,
                                  const std::filesystem::path& scratch, run::Result& result) {
    model::ModuleReport& module = result.run.modules.emplace_back();
    module.name = "rollback of " + run;
    module.outcome = model::ModuleOutcome::changed;
    UndoneUnits units;
    const auto file = run::whole_report(state, run);
    if (!sys::stat_path(file)) {
        spdlog::warn(
            "the report of run {} is not there any more: rolling it back without showing what that changes",
            run);
        return units;
    }
    const report::StoredReport stored = report::load_report(file, scratch);
    result.run.node = stored.run.node;
    Leftovers left{rollback, keep};
    for (std::size_t i = stored.changes.size(); i-- > 0;)
        stored.changes.for_each(i, 1, [&](report::RecordedChange&& done) {
            const report::RecordedChange change = report::inverse_change(std::move(done));
            if ((!keep.empty() || !rollback.lost.empty()) && left.contains(change)) return;
            ++module.change_counts[static_cast<std::size_t>(change.kind)];
            result.changes->append(change);
            if (!model::is_unit_file(change.path)) return;
            units.files = true;
            if (change.kind == Kind::deleted &&
                change.type == model::ObjectType::file) // no alias, which goes with its unit
                units.gone.insert(running_unit(change.path));
        });
    for (const model::ModuleReport& undone : stored.run.modules)
        for (const model::PackageChange& package : undone.packages)
            module.packages.push_back({package.name, package.after, package.before});
    units.gone.erase("");
    return units;
}

void note_units(const UndoneUnits& units, model::ModuleReport& module) {
    if (!units.files) return;
    const auto add = [&](std::string_view why, const std::vector<std::string>& argv) {
        constexpr std::size_t most = 12;
        const std::vector<std::string> shown{
            argv.begin(), argv.begin() + static_cast<std::ptrdiff_t>(std::min(argv.size(), most))};
        module.notices.push_back({model::NoticeKind::would_execute,
                                  fmt::format("to do by hand, as {}: {}{}", why, sys::quote_words(shown),
                                              shown.size() < argv.size() ? " …" : ""),
                                  argv,
                                  {}});
    };
    if (!units.gone.empty()) {
        std::vector<std::string> stop = {"systemctl", "stop"};
        stop.insert(stop.end(), units.gone.begin(), units.gone.end());
        add("services run on when their files go", stop);
    }
    add("systemd keeps to the unit files that it has read", {"systemctl", "daemon-reload"});
}

namespace {

/// "user 101", and "group 106", of what is kept, where nobody has these numbers.
std::vector<std::string> nameless_owners(const merge::Rollback& rollback) {
    const sys::UniqueFd root = sys::open_directory(rollback.root);
    const auto text = [&](const char* path) {
        const sys::UniqueFd file = sys::try_open_in_root(root.get(), path, O_RDONLY);
        return file ? sys::read_all(file.get(), path) : std::string{};
    };
    const model::OwnerNames names{text("/etc/passwd"), text("/etc/group")};
    merge::DirectoryCache live{sys::open_directory(rollback.root), merge::DirectoryCache::Mounts::all};
    std::set<std::string> users, groups;
    for (const std::string& path : rollback.kept) {
        const auto status = live.status_of(path.substr(1));
        if (!status) continue;
        if (std::string user = std::to_string(status->st_uid); names.user(status->st_uid) == user)
            users.insert(std::move(user));
        if (std::string group = std::to_string(status->st_gid); names.group(status->st_gid) == group)
            groups.insert(std::move(group));
    }
    std::vector<std::string> owners;
    if (!users.empty()) owners.push_back(sys::list_for_people("user", users));
    if (!groups.empty()) owners.push_back(sys::list_for_people("group", groups));
    return owners;
}

} // namespace

void note_nameless_owners(const merge::Rollback& rollback, model::ModuleReport& module) {
    if (rollback.kept.empty()) return;
    try {
        for (const std::string& owner : nameless_owners(rollback))
            module.notices.push_back(
                {model::NoticeKind::kept,
                 fmt::format(
                     "what is kept belongs to {}, and nobody has that number now: who gets it next owns the "
                     "files, so give them to somebody else (chown) or remove them",
                     owner),
                 {},
                 {}});
    } catch (const sys::Error& error) { // what was merged stays so
        spdlog::warn("cannot say whether what is kept has owners that are gone: {}", error.full_text());
    }
}

std::string way_on(const std::string& run, const merge::Rollback& rollback,
                   const std::vector<model::Conflict>& conflicts, const model::PathGlobs& keep,
                   const run::StateDirectory& state) {
    const merge::UndoStore store{state.undo()};
    std::string originals =
        fmt::format("what run {} replaced stays in '{}': take from there by hand what is wanted", run,
                    (store.of(run) / "data").string());
    std::vector<std::string> globs = keep.all();
    const std::vector<std::string> more = model::globs_for(conflicts, rollback.made);
    globs.insert(globs.end(), more.begin(), more.end());
    if (more.empty()) return originals;
    try { // it may be all that the run did
        model::PathGlobs wider{globs};
        (void)merge::plan_rollback(store, run, wider);
    } catch (const sys::Error&) { // nothing can be promised then
        return originals;
    }
    constexpr std::size_t most = 8;
    const std::size_t shown = std::min(globs.size(), keep.all().size() + most);
    std::vector<std::string> words = {"disco", "rollback", run};
    for (std::size_t i = 0; i < shown; ++i) words.insert(words.end(), {"--keep", globs[i]});
    return fmt::format("{}, or leave what has changed since as it is, and undo the rest:\n  {}{}", originals,
                       state.hint(sys::quote_words(words)),
                       shown == globs.size()
                           ? ""
                           : fmt::format("\n  and --keep for {} more of the paths above, or a GLOB that "
                                         "matches several of them",
                                         globs.size() - shown));
}

} // namespace disco::undo
