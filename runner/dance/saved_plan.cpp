#include "runner/dance/saved_plan.hpp"

#include "runner/dance/action_run.hpp"
#include "runner/dance/confirmation.hpp"
#include "runner/dance/machine_end.hpp"
#include "runner/dance/package_locks.hpp"
#include "runner/dance/recover.hpp"
#include "runner/dance/saved_actions.hpp"
#include "runner/dance/views.hpp"
#include "runner/merge/directory_cache.hpp"
#include "runner/merge/journal.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/merge/preparation.hpp"
#include "runner/report/stored_report.hpp"
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

namespace disco::dance {
namespace {

namespace fs = std::filesystem;

fs::path layer_of(const fs::path& plan, std::size_t tree) {
    return plan / "data" / std::to_string(tree) / "layer";
}

/// Onto another file system, or beside the original.
void copy_layer(const fs::path& from, const fs::path& to) {
    const sys::UniqueFd source = sys::open_directory(from.parent_path()),
                        target = sys::open_directory(to.parent_path());
    merge::ObjectCopy{}.copy(source.get(), from.filename(), target.get(), to.filename());
}

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
    for (const char* name : {"", "plan", "tree", "actions", "report.json", "data"}) {
        const fs::path path = *name == '\0' ? plan : plan / name;
        if (::stat(path.c_str(), &status) != 0)
            refuse_as_no_plan(plan, fmt::format("there is no '{}' in it", name));
        if (status.st_uid != ::geteuid() || (status.st_mode & 022) != 0)
            throw sys::BadConfiguration{fmt::format(
                "the plan is not applied: '{}' must belong to root, and nobody else may write to it",
                path.string())};
    }
}

/// What tells the trees of a plan from those of another machine or another root: a plan that only adds would
/// fit many. An image may have been copied, with the inodes, so the machine's name for itself counts, too.
/// A plan of actions alone is for its root.
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

class Apply {
public:
    Apply(const ApplyOptions& options, const StateDirectory& state, Scratch& scratch, Result& result,
          merge::JournalRecord plan)
        : options_{options}, state_{state}, scratch_{scratch}, result_{result}, plan_{std::move(plan)} {}

    void run() {
        take_over_report();
        result_.run.root = plan_.heading.root;
        std::vector<merge::TreeToMerge> trees;
        for (std::size_t i = 0; i < plan_.trees.size(); ++i)
            trees.push_back({plan_.trees[i].live,
                             plan_.trees[i].prefix,
                             std::move(plan_.trees[i].plan),
                             layer_of(options_.plan, i),
                             {}});
        const PackageLocks locks =
            options_.noop ? PackageLocks{} : PackageLocks{plan_.heading.root, options_.wait};
        // Before the layers are copied, which may take long.
        result_.run.merge.conflicts = merge::find_conflicts(trees, *plan_.planned);
        if (!result_.run.merge.conflicts.empty()) {
            result_.run.outcome = model::RunOutcome::conflict;
            result_.run.exit_code = static_cast<int>(model::ExitCode::conflict);
            return;
        }
        note_modules(result_.run, false); // a daemon-reload is in the plan, if it takes one
        if (options_.noop || !has_changes(result_.run)) return;
        for (std::size_t i = 0; i < trees.size(); ++i) {
            const fs::path copy = scratch_.subdirectory("layers", 0700) / std::to_string(i);
            copy_layer(trees[i].layer, copy);
            trees[i].layer = copy;
        }
        if (result_.run.outcome == model::RunOutcome::pending)
            merge_trees(result_.run, std::move(trees), state_, *plan_.planned);
    }

    void follow_up() {
        const bool to_run = result_.run.outcome == model::RunOutcome::merged ||
                            (result_.run.outcome == model::RunOutcome::pending && !has_changes(result_.run));
        if (options_.noop || !to_run) return;
        run_actions(result_.run, {plan_.heading.root, data_directory() / "disco-on-host", {}});
    }

private:
    void take_over_report() {
        report::StoredReport stored = report::load_report(options_.plan / "report.json", scratch_.path());
        stored.changes.for_each_json(0, stored.changes.size(),
                                     [&](std::string_view change) { result_.changes->append_json(change); });
        result_.run.modules = std::move(stored.run.modules);
        result_.run.fingerprint = std::move(stored.run.fingerprint);
        result_.run.node = std::move(stored.run.node);
        sys::while_doing(fmt::format("reading the plan '{}'", options_.plan.string()), [&] {
            decode_actions(sys::read_file(options_.plan / "actions"), result_.run.modules);
        });
        for (model::ModuleReport& module : result_.run.modules) {
            module.steps.clear(); // of the no-op
            if (!options_.noop)   // now they are actions, which are told of by themselves
                std::erase_if(module.notices, [&](const model::Notice& notice) {
                    return notice.kind == model::NoticeKind::would_execute &&
                           std::any_of(
                               module.actions.begin(), module.actions.end(),
                               [&](const model::Action& action) { return action.argv == notice.argv; });
                });
        }
    }

    const ApplyOptions& options_;
    const StateDirectory& state_;
    Scratch& scratch_;
    Result& result_;
    merge::JournalRecord plan_;
};

} // namespace

void require_plan_place(const fs::path& place) {
    if (::mkdir(place.c_str(), 0700) == 0) return;
    const int code = errno;
    throw sys::BadConfiguration{
        fmt::format("{}: --save wants a directory that is not there yet, in one that is",
                    sys::SysError{code, "make the directory of the plan", place}.what())};
}

void save_plan(const fs::path& place, const model::RunReport& run, std::vector<merge::TreeToMerge> trees,
               const timespec& started) {
    sys::while_doing(fmt::format("saving the plan in '{}'", place.string()), [&] {
        std::erase_if(trees, [](const merge::TreeToMerge& tree) { return tree.plan.live.empty(); });
        std::vector<merge::JournalTree> places;
        std::vector<const model::MergePlan*> plans;
        for (std::size_t i = 0; i < trees.size(); ++i) {
            merge::DirectoryCache layer{sys::open_directory(trees[i].layer)};
            merge::finish_objects(trees[i].plan, layer); // the plan's steps are all that it keeps
            sys::make_directories(layer_of(place, i).parent_path(), 0700);
            move_layer(trees[i].layer, layer_of(place, i));
            places.push_back({trees[i].prefix, trees[i].live, {}, {}, {}});
            plans.push_back(&trees[i].plan);
        }
        merge::Journal plan{place / "plan", {run.id, run.root, run.version, {}}, places};
        sys::make_directories(place / "data", 0700); // also when all that it does are actions
        sys::write_file_atomically(place / "tree", identity_of(places, run.root), 0600);
        sys::write_file_atomically(place / "actions", encode_actions(run.modules), 0600);
        plan.steps(plans);
        sys::sync_file_system_of(place);
        plan.planned(started); // all else is on disk
    });
}

void save_plan_report(const fs::path& place, const StateDirectory& state, const std::string& run) {
    sys::write_file_durably(place / "report.json", sys::read_file(state.runs() / run / "report.json"), 0600);
}

Result apply_plan(const ApplyOptions& options) {
    const Stopwatch watch;
    require_trusted(options.plan);
    auto plan = merge::read_journal(options.plan / "plan");
    if (!plan || !plan->planned) refuse_as_no_plan(options.plan, "'plan' in it is not whole");
    if (sys::read_file(options.plan / "tree") != identity_of(plan->trees, plan->heading.root))
        throw sys::BadConfiguration{fmt::format(
            "the plan '{}' was made on another machine, or for another tree than '{}' is now: make a "
            "new one here",
            options.plan.string(), plan->heading.root)};
    const std::string node = node_name(options);
    const StateDirectory state{options.state_dir};
    const sys::FileLock lock = state.lock("disco apply", options.wait);
    settle_earlier_runs(state);
    if (!options.noop) refuse_while_unconfirmed(state);
    Scratch scratch{state};
    Result result{begin_report("disco apply", options,
                               options.noop ? model::RunMode::noop : model::RunMode::live, node),
                  std::make_unique<report::ChangeLog>(scratch.path())};
    Apply apply{options, state, scratch, result, std::move(*plan)};
    try {
        apply.run();
        apply.follow_up();
    } catch (const sys::Error& error) {
        note_failure(result.run, error);
    }
    conclude(result, options, watch, state);
    end_machine(result, options, state);
    return result;
}

} // namespace disco::dance
