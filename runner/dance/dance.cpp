#include "runner/dance/dance.hpp"

#include "runner/dance/action_run.hpp"
#include "runner/dance/change_recorder.hpp"
#include "runner/dance/confirmation.hpp"
#include "runner/dance/covered_changes.hpp"
#include "runner/dance/foreign_mounts.hpp"
#include "runner/dance/machine_end.hpp"
#include "runner/dance/module_run.hpp"
#include "runner/dance/needless_reloads.hpp"
#include "runner/dance/package_locks.hpp"
#include "runner/dance/recover.hpp"
#include "runner/dance/saved_plan.hpp"
#include "runner/dance/settings.hpp"
#include "runner/dance/views.hpp"
#include "runner/fetch/parameter_store.hpp"
#include "runner/fetch/universe.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/model/run_order.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/moment.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::dance {
namespace {

using model::ModuleOutcome;
using model::RunMode;

/// All that was fetched for one dance.
struct Fetched {
    std::vector<std::string> order;
    model::RequirementTable table;
    fetch::ParameterTree parameters; ///< effective: module defaults, inherits, the node's, local ones
    std::map<std::string, ModuleContents> modules;
    ClientSettings settings;
};

class Dance {
public:
    Dance(const DanceOptions& options, const StateDirectory& state, Scratch& scratch, std::string node,
          Result& result)
        : options_{options},
          state_{state},
          scratch_{scratch},
          node_{std::move(node)},
          result_{result},
          started_{options.mode == RunMode::noop && options.save.empty() ? timespec{}
                                                                         : sys::passed_moment()} {}

    void run() {
        const Fetched fetched = fetch_all();
        sys::throw_if_interrupted();
        Views views{options_, state_, scratch_, node_};
        views.expect_room_for_attributes(options_.mode == RunMode::live || !options_.save.empty());
        ChangeRecorder recorder{views.layers(), *result_.changes,
                                options_.mode == RunMode::live ? ChangeRecorder::Use::merge
                                                               : ChangeRecorder::Use::report,
                                started_};
        const auto parameters = scratch_.path() / "parameters";
        fetch::write_parameter_tree(parameters, fetched.parameters);
        const ModuleRunContext context = {.options = options_,
                                          .mode = options_.mode,
                                          .views = views,
                                          .recorder = recorder,
                                          .parameters = parameters,
                                          .network = network_of(fetched.settings),
                                          .timeout = fetched.settings.script_timeout,
                                          .profile = options_.profile.value_or(fetched.settings.profile),
                                          .verdicts = &verdicts_};
        PackageLocks locks;
        if (options_.mode == RunMode::live) locks = PackageLocks{views.root(), options_.wait};
        run_modules(fetched, context);
        refuse_covered_changes(result_.run.modules, recorder);
        note_foreign_mounts(result_.run.modules, views.mounts());
        verdicts_.save();
        views.networks().disconnect(); // checks have the host's
        drop_needless_reloads(result_.run, context.views.host());
        note_modules(result_.run, recorder.unit_files_changed() && systemd_runs(context.views.host()));
        result_.run.fingerprint = recorder.fingerprint(result_.run.modules);
        const bool to_merge = result_.run.outcome == model::RunOutcome::pending && has_changes(result_.run);
        if (options_.mode == RunMode::live && to_merge)
            merge_trees(result_.run, recorder.trees(), state_, started_,
                        {.rolls_back = {}, .confirm = options_.confirm});
        else if (options_.mode == RunMode::live && recorder.times_set() && result_.run.exit_code == 0)
            (void)merge_times(result_.run, recorder.trees(), state_, started_);
        locks.release(); // actions may be a package manager's
        if (options_.mode == RunMode::noop && to_merge) recorder.expect_merge();
        if (!options_.save.empty()) save(recorder);
        const bool merged = result_.run.outcome == model::RunOutcome::merged;
        const bool settled =
            merged || result_.run.outcome == model::RunOutcome::in_sync ||
            (result_.run.outcome == model::RunOutcome::pending && !to_merge); // actions alone
        if (options_.mode != RunMode::live || !settled) return;
        const bool to_confirm = options_.confirm.count() != 0 && merged;
        if (!to_confirm || !begin_waiting()) return follow_up(fetched, context);
        sys::while_doing(fmt::format("run {} is merged, and will be undone unless it is confirmed ({})",
                                     result_.run.id, state_.hint("disco confirm")),
                         [&] { follow_up(fetched, context); });
        try {
            restart_confirmation_time(state_, result_.run.id, options_.confirm);
        } catch (const sys::Error& error) {
            note_followup_failure(result_.run,
                                  "the time to confirm runs since the merge, not since the actions: " +
                                      error.full_text());
        }
    }

private:
    void follow_up(const Fetched& fetched, const ModuleRunContext& context) {
        if (const std::string failure = context.recorder.put_runtime_files(); !failure.empty())
            note_followup_failure(result_.run, failure);
        run_actions(result_.run, context.views.host());
        check_all(fetched, context);
    }

    /// Before the actions, one of which may be what nobody comes back from. False, and noted, when no process
    /// can wait.
    bool begin_waiting() {
        model::RunReport& run = result_.run;
        if (run.merge.undo.empty()) {
            note_followup_failure(
                run, "what was replaced could not be kept, so the merge stays, confirmed or not");
            return false;
        }
        try {
            start_confirmation_watcher(state_, run.id);
        } catch (const sys::Error& error) {
            note_followup_failure(
                run,
                "no process waits for the confirmation, so only the next start of disco undoes the merge: " +
                    error.full_text());
            return false;
        }
        return true;
    }

    /// A plan that lacks a failed module's part is none that anybody should apply.
    void save(ChangeRecorder& recorder) {
        if (result_.run.exit_code != 0)
            throw sys::Error{
                fmt::format("no plan was saved in '{}': a module failed", options_.save.string())};
        save_plan(options_.save, result_.run, recorder.trees(), started_);
    }

    /// The settings to fetch with. The last copy of the server's may have a mistake that has been mended
    /// there since, and would keep the mended one from being fetched.
    [[nodiscard]] ClientSettings settings_to_fetch(const fetch::ParameterStore& local) const {
        try {
            return settings_of(local);
        } catch (const sys::BadConfiguration& error) {
            if (options_.offline) throw;
            const fetch::ParameterTree machines = local.local().tree;
            ClientSettings own = client_settings(machines, machines);
            spdlog::warn("{}; that was in the last copy of the server's parameters, which is fetched again "
                         "with this machine's own settings",
                         error.full_text());
            return own;
        }
    }

    Fetched fetch_all() {
        const fetch::ParameterStore local{state_.path(), node_};
        ClientSettings settings = settings_to_fetch(local);
        if (!options_.server.empty()) settings.server = options_.server;
        fetch::Universe universe{{.server = fetch::parse_server_uri(settings.server),
                                  .rsync = settings.rsync,
                                  .timeout = settings.fetch_timeout,
                                  .offline = options_.offline},
                                 state_.path(),
                                 scratch_.path()};
        const KeepMetrics keep{universe, result_.run};

        std::vector<fetch::ParameterLayer> layers = universe.fetch_parameters(node_);
        layers.push_back(local.local());
        const fetch::ParameterTree of_node = fetch::merge_layers(layers);
        std::set<std::string> wanted = options_.modules;
        if (wanted.empty())
            for (std::string& name : fetch::parameter_members(of_node, "modules"))
                wanted.insert(std::move(name));
        for (const std::string& name : wanted) model::check_component_name(name, "module");

        Fetched fetched;
        fetched.table = universe.fetch_metadata(wanted);
        fetched.order = ordered(wanted, fetched.table);
        universe.fetch_modules(fetched.order);
        fetched.settings = client_settings(layers.back().tree, of_node);
        warn_of_uncounted(layers.back().tree, of_node);
        result_.settings = fetched.settings;
        std::vector<fetch::ParameterLayer> all;
        for (const std::string& name : fetched.order) all.push_back(universe.defaults_of(name));
        std::move(layers.begin(), layers.end(), std::back_inserter(all));
        fetched.parameters = fetch::merge_layers(all);
        read_modules(universe, fetched);
        return fetched;
    }

    static void warn_of_uncounted(const fetch::ParameterTree& own, const fetch::ParameterTree& of_node) {
        for (const std::string& name : uncounted_settings(own, of_node))
            spdlog::warn("parameter {} comes from the server and does not count: it is set on this machine, "
                         "with `disco param set {}`",
                         name, name);
    }

    /// What the fetches took goes into the report also when one of them fails.
    class KeepMetrics {
    public:
        KeepMetrics(const fetch::Universe& universe, model::RunReport& run)
            : universe_{universe}, run_{run} {}
        KeepMetrics(const KeepMetrics&) = delete;
        KeepMetrics& operator=(const KeepMetrics&) = delete;
        ~KeepMetrics() { run_.metrics = universe_.steps(); }

    private:
        const fetch::Universe& universe_;
        model::RunReport& run_;
    };

    [[nodiscard]] std::vector<std::string> ordered(const std::set<std::string>& wanted,
                                                   const model::RequirementTable& table) const {
        auto verdict = model::order_modules(wanted, table);
        if (const auto* cycle = std::get_if<model::Cycle>(&verdict))
            throw sys::BadConfiguration{model::describe(*cycle)};
        if (const auto* missing = std::get_if<model::MissingModule>(&verdict))
            throw sys::BadConfiguration{
                model::describe(*missing, options_.modules.empty() ? "the node wants" : "--module asks for")};
        return std::get<model::RunOrder>(std::move(verdict)).modules;
    }

    /// All modules are read before the first one runs, so that what is wrong with any of them is told at
    /// once.
    void read_modules(const fetch::Universe& universe, Fetched& fetched) const {
        const model::Network most = options_.network.value_or(fetched.settings.most_network);
        std::string objections;
        for (const std::string& name : fetched.order) {
            try {
                const auto& [at, read] =
                    *fetched.modules.emplace(name, read_module(name, universe.module_directory(name))).first;
                refuse_network_beyond(most, read);
            } catch (const sys::BadConfiguration& error) {
                objections += (objections.empty() ? "" : "\n") + error.full_text();
            }
        }
        if (!objections.empty()) throw sys::BadConfiguration{objections};
    }

    static void refuse_network_beyond(model::Network most, const ModuleContents& module) {
        if (module.sandbox.network.value_or(most) <= most) return;
        const char* wanted = model::to_string(*module.sandbox.network);
        throw sys::BadConfiguration{
            fmt::format("modules/{}/sandbox asks for `network {}`, but this machine gives modules `{}` at "
                        "most: --network {} "
                        "gives it for one run, `disco param set disco/client/network {}` for all",
                        module.name, wanted, model::to_string(most), wanted, wanted)};
    }

    [[nodiscard]] model::Network network_of(const ClientSettings& settings) const {
        return options_.network.value_or(settings.network);
    }

    void run_modules(const Fetched& fetched, const ModuleRunContext& context) {
        for (const auto& [name, module] : fetched.modules) // before the first one runs
            if (!module.templates.empty() || !module.scripts.empty())
                sys::while_doing(fmt::format("preparing module '{}'", name), [&] {
                    context.views.networks().need(module.sandbox.network.value_or(context.network));
                });
        std::map<std::string, std::string> skipped; ///< module → the failed one it needs
        bool stop = false;
        std::unique_ptr<ModuleRun> ahead; ///< of the module that comes next, unless one it needs fails
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
                continue;
            }
            const ModuleContents& module = fetched.modules.at(name);
            sys::write_file(context.parameters / "current_module", name + "\n", 0600);
            std::unique_ptr<ModuleRun> run = std::move(ahead);
            if (!run || &run->module() != &module) run = std::make_unique<ModuleRun>(module, context);
            model::ModuleReport done = run->run([&] {
                if (i + 1 < fetched.order.size())
                    ahead = started(fetched.modules.at(fetched.order[i + 1]), context);
                context.views.layers().tidy();
            });
            repeat_as_needed(done, *run, context);
            context.views.note_queued(done);
            const model::ModuleReport& report = result_.run.modules.emplace_back(std::move(done));
            if (report.outcome != ModuleOutcome::failed) continue;
            stop = options_.mode == RunMode::live && !options_.keep_going;
            for (const std::string& dependent : model::dependents(name, fetched.order, fetched.table))
                skipped.emplace(dependent, name);
        }
    }

    /// Ends: each time at least one more script is simulated, and those are not refused anything.
    static void repeat_as_needed(model::ModuleReport& report, const ModuleRun& first,
                                 const ModuleRunContext& context) {
        std::vector<model::Notice> reasons = first.repeat_reasons();
        for (bool again = !reasons.empty(); again;) {
            ModuleRun run{first.module(), context};
            report = run.run({});
            again = !run.repeat_reasons().empty();
            reasons.insert(reasons.end(), run.repeat_reasons().begin(), run.repeat_reasons().end());
        }
        report.notices.insert(report.notices.begin(), reasons.begin(), reasons.end());
    }

    /// Nothing when it cannot be started now: then it is tried again in its turn, and its error told there.
    static std::unique_ptr<ModuleRun> started(const ModuleContents& module, const ModuleRunContext& context) {
        try {
            auto run = std::make_unique<ModuleRun>(module, context);
            run->start();
            return run;
        } catch (const sys::Error&) {
            return nullptr;
        }
    }

    void check_all(const Fetched& fetched, const ModuleRunContext& context) {
        context.views.layers().leave_kept();
        for (model::ModuleReport& report : result_.run.modules) {
            if (ModuleRun{fetched.modules.at(report.name), context}.run_checks(report)) continue;
            note_followup_failure(
                result_.run, fmt::format("a check of module '{}' failed: {}", report.name, report.reason));
        }
    }

    const DanceOptions& options_;
    const StateDirectory& state_;
    Scratch& scratch_;
    std::string node_;
    Result& result_;
    timespec started_;
    Verdicts verdicts_{state_.path()};
};

} // namespace

Result dance(const DanceOptions& options) {
    const Stopwatch watch;
    const std::string node = node_name(options);
    const StateDirectory state{options.state_dir};
    const sys::FileLock lock =
        state.lock(options.mode == RunMode::noop ? "disco-run --noop" : "disco-run", options.wait);
    settle_earlier_runs(state);
    if (options.mode == RunMode::live) refuse_while_unconfirmed(state);
    if (!options.save.empty()) require_plan_place(options.save);
    state.discard_stale_scratch();
    Scratch scratch{state};
    Result result{begin_report("disco-run", options, options.mode, node),
                  std::make_unique<report::ChangeLog>(scratch.path())};
    try {
        Dance{options, state, scratch, node, result}.run();
    } catch (const sys::Error& error) {
        note_failure(result.run, error);
    }
    conclude(result, options, watch, state);
    end_machine(result, options, state);
    if (!options.save.empty() && result.run.exit_code != static_cast<int>(model::ExitCode::failed))
        save_plan_report(options.save, state, result.run.id);
    else if (!options.save.empty())
        sys::remove_tree(options.save);
    return result;
}

} // namespace disco::dance
