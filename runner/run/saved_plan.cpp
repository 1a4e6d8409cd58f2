#include "runner/run/saved_plan.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/merge/journal.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/merge/preparation.hpp"
#include "runner/model/value_list.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/run/saved_actions.hpp"
#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::run {
namespace {

namespace fs = std::filesystem;

void move_layer(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) == 0) return;
    if (errno != EXDEV) throw sys::SysError{errno, fmt::format("move '{}' to", from.string()), to};
    copy_layer(from, to);
}

[[noreturn]] void refuse_as_no_plan(const fs::path& plan, std::string_view reason) {
    throw sys::BadConfiguration{fmt::format(
        "'{}' is no saved plan: {}; 'disco-run --noop --save PLAN' makes one", plan.string(), reason)};
}

/// Whoever can write to a plan decides what root merges, and which commands it runs then.
void require_trusted(const fs::path& plan) {
    struct stat status = {};
    if (::stat(plan.c_str(), &status) != 0)
        throw sys::BadConfiguration{sys::SysError{errno, "open the plan", plan}.what()};
    if (!S_ISDIR(status.st_mode)) refuse_as_no_plan(plan, "it is not a directory");
    for (const char* name : {"", "plan", "tree", "actions", "report.json", "data", "secrets"}) {
        const fs::path path = *name == '\0' ? plan : plan / name;
        if (path.filename() == "secrets" && !sys::stat_path(path)) continue; // of an earlier version
        if (::stat(path.c_str(), &status) != 0)
            refuse_as_no_plan(plan, fmt::format("there is no '{}' in it", name));
        if (status.st_uid != ::geteuid() || (status.st_mode & 022) != 0)
            throw sys::BadConfiguration{fmt::format(
                "the plan is not applied: '{}' must belong to root, and nobody else may write to it",
                path.string())};
    }
}

/// What distinguishes the trees of a plan from those of another machine or another root: a plan that only
/// adds would fit many. An image may have been copied, with the inodes, so the machine's name for itself
/// counts, too. A plan of actions alone is for its root.
std::string identity_of(const std::vector<merge::JournalTree>& trees, const std::string& root) {
    std::string text = sys::read_file_if_exists("/etc/machine-id").value_or("");
    const auto add = [&](const fs::path& tree) {
        struct statx status = {};
        sys::check(::statx(AT_FDCWD, tree.c_str(), 0, STATX_INO | STATX_BTIME, &status), "stat", tree);
        text +=
            fmt::format("{} {}.{:09}\n", status.stx_ino, status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
    };
    for (const merge::JournalTree& tree : trees) add(tree.live);
    if (trees.empty()) add(root);
    return text;
}

} // namespace

fs::path layer_of(const fs::path& plan, std::size_t tree) {
    return plan / "data" / std::to_string(tree) / "layer";
}

void copy_layer(const fs::path& from, const fs::path& to) {
    const sys::UniqueFd source = sys::open_directory(from.parent_path()),
                        target = sys::open_directory(to.parent_path());
    merge::ObjectCopy{target.get()}.copy(source.get(), from.filename(), to.filename());
}

void require_plan_place(const fs::path& place) {
    if (::mkdir(place.c_str(), 0700) == 0) return;
    const int code = errno;
    throw sys::BadConfiguration{
        fmt::format("{}: --save wants a directory that is not there yet, in one that is",
                    sys::SysError{code, "make the directory of the plan", place}.what())};
}

void save_plan(const fs::path& place, const model::RunReport& run, const model::SecretMask& secrets,
               std::vector<merge::TreeToMerge> trees, const timespec& started) {
    sys::while_doing(fmt::format("saving the plan in '{}'", place.string()), [&] {
        std::erase_if(trees, [](const merge::TreeToMerge& tree) { return tree.plan.live.empty(); });
        std::vector<merge::JournalTree> places;
        std::vector<model::MergePlan> plans;
        for (std::size_t i = 0; i < trees.size(); ++i) {
            merge::DirectoryCache layer{sys::open_directory(trees[i].layer)};
            merge::finish_objects(trees[i].plan, layer); // the plan's steps are all that it keeps
            sys::make_directories(layer_of(place, i).parent_path(), 0700);
            move_layer(trees[i].layer, layer_of(place, i));
            places.push_back({trees[i].prefix, trees[i].live, {}, {}});
            plans.push_back(std::move(trees[i].plan));
        }
        merge::Journal plan{place / "plan", {run.id, run.root, run.version, {}}, places};
        sys::make_directories(place / "data", 0700); // also when all that it does are actions
        sys::write_file_atomically(place / "tree", identity_of(places, run.root), 0600);
        sys::write_file_atomically(place / "actions", encode_actions(run.modules), 0600);
        sys::write_file_atomically(place / "secrets", model::to_text(secrets.values()), 0600);
        plan.steps(plans);
        sys::sync_file_system_of(place);
        plan.planned(started); // all else is on disk
    });
}

void save_plan_report(const fs::path& place, const StateDirectory& state, const std::string& run) {
    sys::write_file_durably(place / "report.json", sys::read_file(whole_report(state, run)), 0600);
}

merge::SavedPlan load_plan(const fs::path& place) {
    require_trusted(place);
    auto plan = merge::read_saved_plan(place / "plan");
    if (!plan) refuse_as_no_plan(place, "'plan' in it is not whole");
    if (sys::read_file(place / "tree") != identity_of(plan->trees, plan->heading.root))
        throw sys::BadConfiguration{fmt::format(
            "the plan '{}' was made on another machine, or for another tree than '{}' is now: make a "
            "new one here",
            place.string(), plan->heading.root)};
    return *std::move(plan);
}

void add_plan_secrets(model::SecretMask& mask, const fs::path& place) {
    const std::string text = sys::read_file_if_exists(place / "secrets").value_or("");
    for (const std::string& value : model::values_in(text)) mask.add(value);
}

report::StoredReport load_plan_report(const fs::path& place, const fs::path& scratch) {
    report::StoredReport stored = report::load_report(place / "report.json", scratch);
    sys::while_doing(fmt::format("reading the plan '{}'", place.string()),
                     [&] { decode_actions(sys::read_file(place / "actions"), stored.run.modules); });
    return stored;
}

} // namespace disco::run
