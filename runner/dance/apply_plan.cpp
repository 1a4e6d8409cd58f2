#include "runner/dance/apply_plan.hpp"

#include "runner/merge/merger.hpp"
#include "runner/run/data_directory.hpp"
#include "runner/run/package_locks.hpp"
#include "runner/run/run.hpp"
#include "runner/run/saved_plan.hpp"
#include "runner/undo/claim.hpp"
#include "runner/undo/follow_up.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace disco::dance {
namespace {

namespace fs = std::filesystem;

class PlanRun {
public:
    PlanRun(const ApplyOptions& options, const run::Run& run, merge::SavedPlan& plan)
        : options_{options}, state_{run.state}, scratch_{run.scratch}, result_{run.result}, plan_{plan} {}

    void run() {
        merge();
        const bool to_run =
            result_.run.outcome == model::RunOutcome::merged ||
            (result_.run.outcome == model::RunOutcome::pending && !run::has_changes(result_.run));
        if (is_noop() || !to_run) return;
        undo::follow_up(result_.run, state_,
                        {.host = {plan_.heading.root, run::data_directory() / "disco-on-host", {}},
                         .confirm = options_.confirm});
    }

private:
    [[nodiscard]] bool is_noop() const { return options_.mode == model::RunMode::noop; }

    void merge() {
        take_over_report();
        result_.run.root = plan_.heading.root;
        std::vector<merge::TreeToMerge> trees;
        for (std::size_t i = 0; i < plan_.trees.size(); ++i)
            trees.push_back({plan_.trees[i].live,
                             plan_.trees[i].prefix,
                             std::move(plan_.plans[i]),
                             run::layer_of(options_.plan, i),
                             {}});
        const run::PackageLocks locks =
            is_noop() ? run::PackageLocks{} : run::PackageLocks{plan_.heading.root, options_.wait};
        // Before the layers are copied, which may take long.
        result_.run.merge.conflicts = merge::find_conflicts(trees, plan_.planned);
        if (!result_.run.merge.conflicts.empty()) {
            result_.run.outcome = model::RunOutcome::conflict;
            result_.run.exit_code = model::ExitCode::conflict;
            return;
        }
        run::note_modules(result_.run, false); // a daemon-reload is in the plan, if it takes one
        if (is_noop() || !run::has_changes(result_.run)) return;
        for (std::size_t i = 0; i < trees.size(); ++i) {
            const fs::path copy = scratch_.subdirectory("layers", 0700) / std::to_string(i);
            run::copy_layer(trees[i].layer, copy);
            trees[i].layer = copy;
        }
        if (result_.run.outcome == model::RunOutcome::pending)
            run::merge_trees(result_.run, std::move(trees), state_, plan_.planned,
                             {.rolls_back = {}, .confirm = options_.confirm});
    }

    void take_over_report() {
        report::StoredReport stored = run::load_plan_report(options_.plan, scratch_.path());
        model::SecretMask mask = result_.mask;
        run::add_plan_secrets(mask, options_.plan);
        result_.keep_out(std::move(mask));
        options_.progress->knows_secrets(result_.mask);
        result_.changes->append_all(stored.changes);
        result_.run.modules = std::move(stored.run.modules);
        result_.run.fingerprint = std::move(stored.run.fingerprint);
        result_.run.node = std::move(stored.run.node);
        for (model::ModuleReport& module : result_.run.modules) {
            module.steps.clear(); // of the no-op
            if (!is_noop())       // now they are actions, which are reported by themselves
                std::erase_if(module.notices, [&](const model::Notice& notice) {
                    return notice.kind == model::NoticeKind::would_execute &&
                           std::any_of(module.actions.begin(), module.actions.end(),
                                       [&](const model::Action& action) { // the notice is as it was recorded
                                           return result_.mask.masked(action.argv) ==
                                                  result_.mask.masked(notice.argv);
                                       });
                });
        }
    }

    const ApplyOptions& options_;
    const run::StateDirectory& state_;
    run::Scratch& scratch_;
    run::Result& result_;
    merge::SavedPlan& plan_;
};

} // namespace

run::Result apply_plan(const ApplyOptions& options) {
    merge::SavedPlan plan = run::load_plan(options.plan);
    const undo::Claim claim{options, "disco apply",
                            options.mode == model::RunMode::noop ? undo::Claim::Purpose::preview
                                                                 : undo::Claim::Purpose::merge};
    return run::carry_out(options, claim.state(), "disco apply", options.mode, [&](const run::Run& run) {
        PlanRun{options, run, plan}.run();
    });
}

} // namespace disco::dance
