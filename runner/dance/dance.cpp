#include "runner/dance/dance.hpp"

#include "runner/dance/fetched.hpp"
#include "runner/fetch/known_secrets.hpp"
#include "runner/model/run_order.hpp"
#include "runner/module/module_checks.hpp"
#include "runner/module/module_work.hpp"
#include "runner/module/trigger_watch.hpp"
#include "runner/run/action_run.hpp"
#include "runner/run/needless_reloads.hpp"
#include "runner/run/package_locks.hpp"
#include "runner/run/run.hpp"
#include "runner/run/saved_plan.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/moment.hpp"
#include "runner/undo/claim.hpp"
#include "runner/undo/follow_up.hpp"
#include "runner/view/change_recorder.hpp"
#include "runner/view/covered_changes.hpp"
#include "runner/view/foreign_mounts.hpp"
#include "runner/view/views.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::dance {
namespace {

using model::ModuleOutcome;
using model::RunMode;

class Dance {
public:
    Dance(const DanceOptions& options, const run::Run& run)
        : options_{options},
          state_{run.state},
          scratch_{run.scratch},
          result_{run.result},
          run_{run},
          node_{run.result.run.node},
          started_{options.mode == RunMode::noop && options.save.empty() ? timespec{}
                                                                         : sys::passed_moment()} {}

    void run() {
        options_.progress->work_begins("fetching");
        const Fetched fetched = fetch_all(options_, run_);
        verdicts_.keep_out(result_.mask);
        options_.progress->is_ordered(result_.run, fetched.order);
        sys::throw_if_interrupted();
        view::Views views{options_, state_, scratch_, node_};
        views.expect_room_for_attributes(options_.mode == RunMode::live || !options_.save.empty());
        view::ChangeRecorder recorder{views.layers(), *result_.changes,
                                      options_.mode == RunMode::live ? view::ChangeRecorder::Use::merge
                                                                     : view::ChangeRecorder::Use::report,
                                      started_,
                                      result_.plain_changes ? view::ChangeRecorder::Redacted::shown
                                                            : view::ChangeRecorder::Redacted::hidden};
        const auto parameters = scratch_.path() / "parameters";
        fetch::write_parameter_tree(parameters, fetched.parameters);
        module::SharedPaths shared{fetched.modules};
        module::TriggerWatch triggers{fetched.modules, state_.path()};
        recorder.watch([&](const std::string& path) { triggers.note(path); });
        const module::ModuleContext context = {.options = options_,
                                               .mode = options_.mode,
                                               .views = views,
                                               .recorder = recorder,
                                               .shared = shared,
                                               .parameters = parameters,
                                               .network = network_of(fetched.settings),
                                               .timeout = fetched.settings.script_timeout,
                                               .profile = options_.profile.value_or(fetched.settings.profile),
                                               .verdicts = &verdicts_};
        run::PackageLocks locks;
        if (options_.mode == RunMode::live) locks = run::PackageLocks{views.root(), options_.wait};
        run_modules(fetched, context, triggers);
        triggers.enter(result_.run.modules, views.guarded(), options_.mode);
        view::refuse_covered_changes(result_.run.modules, recorder);
        view::note_foreign_mounts(result_.run.modules, views.mounts());
        verdicts_.save();
        views.networks().disconnect(); // checks have the host's
        run::drop_needless_reloads(result_.run, context.views.host());
        run::note_modules(result_.run, recorder.unit_files_changed() && context.views.systemd_runs());
        result_.run.fingerprint = recorder.fingerprint(result_.run.modules);
        const bool pending = result_.run.outcome == model::RunOutcome::pending;
        const bool to_merge = pending && run::has_changes(result_.run);
        if (pending && options_.ask && !options_.ask(result_)) return;
        if (pending && options_.mode == RunMode::live) triggers.owe(result_.run.modules);
        if (to_merge && options_.mode == RunMode::live) options_.progress->work_begins("merging");
        if (options_.mode == RunMode::live && to_merge)
            run::merge_trees(result_.run, recorder.trees(), state_, started_,
                             {.rolls_back = {}, .confirm = options_.confirm});
        else if (options_.mode == RunMode::live && recorder.times_set() &&
                 result_.run.exit_code == model::ExitCode::done)
            (void)run::merge_times(result_.run, recorder.trees(), state_, started_);
        locks.release(); // actions may be a package manager's
        if (options_.mode == RunMode::noop && to_merge) recorder.expect_merge();
        if (!options_.save.empty()) save(recorder);
        const bool merged = result_.run.outcome == model::RunOutcome::merged;
        const bool is_done =
            merged || result_.run.outcome == model::RunOutcome::in_sync ||
            (result_.run.outcome == model::RunOutcome::pending && !to_merge); // actions alone
        if (options_.mode == RunMode::live && !is_done) triggers.withdraw();
        if (options_.mode != RunMode::live || !is_done) return;
        if (options_.modules.empty()) fetch::forget_former_secrets(state_.path()); // nothing holds them now
        undo::follow_up(result_.run, state_,
                        {.host = views.host(),
                         .place_runtime_files = [&] { return recorder.put_runtime_files(state_.unplaced()); },
                         .check = [&] { check_all(fetched, context); },
                         .confirm = options_.confirm,
                         .progress = options_.progress});
        triggers.settle(result_.run.modules);
    }

private:
    /// A plan that lacks a failed module's part is none that anybody should apply.
    void save(view::ChangeRecorder& recorder) {
        if (result_.run.exit_code != model::ExitCode::done)
            throw sys::Error{
                fmt::format("no plan was saved in '{}': a module failed", options_.save.string())};
        run::save_plan(options_.save, result_.run, result_.mask, recorder.trees(), started_);
    }

    void show_end(const model::ModuleReport& report) const {
        if (result_.plain_changes || result_.mask.empty())
            options_.progress->module_ends(result_.run, report, result_.shown_changes());
        else
            options_.progress->module_ends(result_.run, report::masked(report, result_.mask),
                                           *result_.changes);
    }

    [[nodiscard]] model::Network network_of(const run::ClientSettings& settings) const {
        return options_.network.value_or(settings.network);
    }

    void run_modules(const Fetched& fetched, const module::ModuleContext& context,
                     module::TriggerWatch& triggers) {
        for (const auto& [name, module] : fetched.modules) // before the first one runs
            if (!module.templates.empty() || !module.scripts.empty())
                sys::while_doing(fmt::format("preparing module '{}'", name),
                                 [&, network = module.sandbox.network.value_or(context.network)] {
                                     context.views.networks().need(network);
                                 });
        std::map<std::string, std::string> skipped; ///< module → the failed one it needs
        bool stop = false;
        std::unique_ptr<module::ModuleWork>
            ahead; ///< of the module that comes next, unless one it needs fails
        for (std::size_t i = 0; i < fetched.order.size(); ++i) {
            const std::string& name = fetched.order[i];
            sys::throw_if_interrupted();
            const auto needs_failed = skipped.find(name);
            if (stop || needs_failed != skipped.end()) {
                model::ModuleReport report;
                report.name = name;
                report.outcome = ModuleOutcome::skipped;
                report.reason =
                    needs_failed != skipped.end()
                        ? fmt::format("comes after module '{}', which failed", needs_failed->second)
                        : "a module failed before (--keep-going would go on)";
                result_.run.modules.push_back(std::move(report));
                show_end(result_.run.modules.back());
                continue;
            }
            const module::ModuleContents& module = fetched.modules.at(name);
            sys::write_file(context.parameters / "current_module", name + "\n", 0600);
            options_.progress->module_begins(name);
            std::unique_ptr<module::ModuleWork> run = std::move(ahead);
            if (!run || &run->module() != &module)
                run = std::make_unique<module::ModuleWork>(module, context);
            model::ModuleReport done = run->run([&] {
                if (i + 1 < fetched.order.size())
                    ahead = started(fetched.modules.at(fetched.order[i + 1]), context);
                context.views.layers().tidy();
            });
            repeat_as_needed(done, *run, context);
            context.views.note_queued(done);
            const model::ModuleReport& report = result_.run.modules.emplace_back(std::move(done));
            spdlog::debug("module '{}': {}", name, model::to_string(report.outcome));
            triggers.end_module(report.outcome == ModuleOutcome::failed);
            show_end(report);
            if (report.outcome != ModuleOutcome::failed) continue;
            stop = options_.mode == RunMode::live && !options_.keep_going;
            for (const std::string& dependent : model::dependents(name, fetched.order, fetched.table))
                skipped.emplace(dependent, name);
        }
        const auto required = model::direct_requirements(fetched.order, fetched.table);
        for (model::ModuleReport& report : result_.run.modules)
            report.comes_after.assign(required.at(report.name).begin(), required.at(report.name).end());
    }

    /// Ends: each time at least one more script is simulated, and those are not refused anything.
    static void repeat_as_needed(model::ModuleReport& report, const module::ModuleWork& first,
                                 const module::ModuleContext& context) {
        std::vector<model::Notice> reasons = first.repeat_reasons();
        for (bool again = !reasons.empty(); again;) {
            spdlog::debug("module '{}' is repeated: scripts of it are simulated", report.name);
            module::ModuleWork run{first.module(), context};
            report = run.run({});
            again = !run.repeat_reasons().empty();
            reasons.insert(reasons.end(), run.repeat_reasons().begin(), run.repeat_reasons().end());
        }
        report.notices.insert(report.notices.begin(), reasons.begin(), reasons.end());
    }

    /// Nothing when it cannot be started now: it is tried again in its turn, and its error is reported there.
    static std::unique_ptr<module::ModuleWork> started(const module::ModuleContents& module,
                                                       const module::ModuleContext& context) {
        try {
            auto run = std::make_unique<module::ModuleWork>(module, context);
            run->start();
            return run;
        } catch (const sys::Error&) {
            return nullptr;
        }
    }

    void check_all(const Fetched& fetched, const module::ModuleContext& context) {
        context.views.layers().leave_base();
        for (model::ModuleReport& report : result_.run.modules) {
            if (module::run_checks(fetched.modules.at(report.name), context, report)) continue;
            run::note_followup_failure(
                result_.run, fmt::format("a check of module '{}' failed: {}", report.name, report.reason));
        }
    }

    const DanceOptions& options_;
    const run::StateDirectory& state_;
    run::Scratch& scratch_;
    run::Result& result_;
    const run::Run& run_;
    std::string node_;
    timespec started_;
    module::Verdicts verdicts_{state_.path()};
};

} // namespace

run::Result dance(const DanceOptions& options) {
    const bool noop = options.mode == RunMode::noop;
    const undo::Claim claim{options, noop ? "disco-run --noop" : "disco-run",
                            noop ? undo::Claim::Purpose::preview : undo::Claim::Purpose::merge};
    const bool to_save = !options.save.empty();
    if (to_save) run::require_plan_place(options.save);
    run::Result result =
        run::carry_out(options, claim.state(), "disco-run", options.mode, [&](const run::Run& run) {
            Dance{options, run}.run();
        });
    if (to_save && result.run.exit_code != model::ExitCode::failed)
        run::save_plan_report(options.save, claim.state(), result.run.id);
    else if (to_save)
        sys::remove_tree(options.save);
    return result;
}

} // namespace disco::dance
