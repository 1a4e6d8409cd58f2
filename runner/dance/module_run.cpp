#include "runner/dance/module_run.hpp"

#include "runner/dance/delivery.hpp"
#include "runner/dance/missed_services.hpp"
#include "runner/dance/notice_reader.hpp"
#include "runner/dance/program_step.hpp"
#include "runner/dance/stopwatch.hpp"
#include "runner/model/repetition.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/printable.hpp"
#include "templates/template_output.hpp"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::dance {
namespace {

using model::Phase;
using model::Profile;

bool is_resolver_file(const Deliverable& item) { return item.path == "etc/resolv.conf"; }
bool is_file(const Deliverable& item) { return item.type == model::ObjectType::file; }

/// The begun layer is dropped unless it is kept.
class BegunLayer {
public:
    explicit BegunLayer(Views& views) : views_{views} { views_.layers().begin(); }
    BegunLayer(const BegunLayer&) = delete;
    BegunLayer& operator=(const BegunLayer&) = delete;
    ~BegunLayer() {
        if (kept_) return;
        try {
            views_.layers().drop();
        } catch (
            const sys::Error&) { // the scratch directory goes at the end of the run, and warns if it cannot
        }
    }
    void keep() {
        kept_ = true;
        views_.layers().keep();
    }

private:
    Views& views_;
    bool kept_ = false;
};

/// Closes the sandbox at the end of a scope.
class SandboxEnd {
public:
    explicit SandboxEnd(std::optional<sandbox::Sandbox>& sandbox) : sandbox_{sandbox} {}
    SandboxEnd(const SandboxEnd&) = delete;
    SandboxEnd& operator=(const SandboxEnd&) = delete;
    ~SandboxEnd() { sandbox_.reset(); }

private:
    std::optional<sandbox::Sandbox>& sandbox_;
};

} // namespace

ModuleRun::ModuleRun(const ModuleContents& module, const ModuleRunContext& context)
    : module_{module}, context_{context}, output_{[this](std::string_view bytes) {
          if (context_.options.on_output) context_.options.on_output(module_.name, bytes);
      }} {
    for (const Script& script : module.scripts) script_profiles_.push_back(profile_of(script));
    if (is_automatic() && std::count(script_profiles_.begin(), script_profiles_.end(), Profile::strict) != 0)
        output_.hold();
}

/// Delivering files takes none.
model::Network ModuleRun::network() const {
    return programs_.empty() ? model::Network::isolated : module_.sandbox.network.value_or(context_.network);
}

void ModuleRun::start() {
    if (module_.empty()) return;
    if (programs_.empty()) build_programs();
    start(network());
    broker_->know_of(context_.views.queued());
}

void ModuleRun::start(model::Network network) {
    broker_.emplace(context_.views.guarded(), context_.views.host(),
                    live() ? border::Broker::Mode::live : border::Broker::Mode::noop, context_.views.called(),
                    context_.views.allowance());
    const bool own_resolver_file =
        std::any_of(module_.files.begin(), module_.files.end(), is_resolver_file) ||
        std::any_of(module_.templates.begin(), module_.templates.end(), is_resolver_file);
    box_.emplace(context_.views.start(
        {module_.directory, context_.parameters, own_resolver_file},
        {.programs = programs_, .network = network, .lanes = lanes(), .broker = &*broker_}));
}

model::ModuleReport ModuleRun::run(const std::function<void()>& meanwhile) {
    model::ModuleReport report;
    report.name = module_.name;
    if (module_.empty()) return report;
    report_ = &report;
    meanwhile_ = meanwhile;
    BegunLayer layer{context_.views};
    const SandboxEnd end{box_}; // before its layer, on every way out
    try {
        if (!box_) start();
        work();
        show_output();
    } catch (const sys::Interrupted&) {
        show_output();
        throw;
    } catch (const sys::Error& error) {
        show_output();
        report.outcome = model::ModuleOutcome::failed;
        report.reason = error.full_text();
        return report;
    }
    if (meanwhile_) std::exchange(meanwhile_, {})();
    if (!repeat_reasons_.empty()) return report; // to be done again, so nothing of it is kept
    box_->stop();                                // it goes while the layer is looked at
    // A scan that fails half-way leaves half a change set: nothing after it could be trusted, so the dance
    // ends.
    const bool of_use = sys::while_doing(fmt::format("looking at what module '{}' changed", module_.name),
                                         [&] { return context_.recorder.record(report); });
    box_.reset();
    if (report.changes() != 0) report.outcome = model::ModuleOutcome::changed;
    if (of_use) layer.keep();
    return report;
}

bool ModuleRun::run_checks(model::ModuleReport& report) {
    if (module_.checks.empty()) return true;
    report_ = &report;
    for (const Script& check : module_.checks) add_script(check, Phase::check, Profile::live);
    const BegunLayer layer{context_.views};
    const SandboxEnd end{box_};
    start(model::Network::host);
    context_.views.enter(*box_);
    return run_scripts(module_.checks, Phase::check, std::vector(module_.checks.size(), Profile::live));
}

void ModuleRun::work() {
    context_.views.enter(*box_);
    if (auto notice = context_.views.networks().notice(network()))
        report_->notices.push_back(std::move(*notice));
    context_.recorder.read_owners(box_->root());
    deliver_files();
    resolve_templates();
    run_scripts(module_.scripts, Phase::script, script_profiles_);
    context_.views.complete(*box_);
    context_.recorder.read_owners(box_->root());
}

void ModuleRun::deliver_files() {
    if (module_.files.empty()) return;
    const Stopwatch watch;
    const Delivery delivery{box_->root(), context_.recorder.owners(), module_.attributes};
    for (const Deliverable& item : module_.files) {
        sys::throw_if_interrupted();
        delivery.deliver(item);
    }
    report_->steps.push_back(watch.step(Phase::files, "files"));
}

/// All are resolved before the first one's output is delivered: none sees what another one prints, on any
/// number of processors, and one that fails leaves everything as it was.
void ModuleRun::resolve_templates() {
    std::vector<const Deliverable*> items;
    for (const Deliverable& item : module_.templates)
        if (is_file(item)) items.push_back(&item);
    std::vector<sandbox::ProgramEnd> ends;
    while (ends.size() < items.size()) {
        std::vector<std::string> names;
        for (std::size_t i = ends.size(); i < items.size() && names.size() < lanes(); ++i)
            names.push_back(items[i]->in_module);
        for (sandbox::ProgramEnd& end : run_next(names, Phase::template_, Profile::template_))
            ends.push_back(std::move(end));
        for (std::size_t i = 0; i < ends.size(); ++i) check_template(*items[i], i, ends[i]);
    }
    const Delivery delivery{box_->root(), context_.recorder.owners(), module_.attributes};
    auto end = ends.begin();
    for (const Deliverable& item : module_.templates) {
        if (is_file(item))
            delivery.deliver_text(item, (end++)->standard_output);
        else
            delivery.deliver(item);
    }
}

/// Throws when it failed by itself.
void ModuleRun::check_template(const Deliverable& item, std::size_t program,
                               const sandbox::ProgramEnd& end) const {
    if (end.how == sandbox::ProgramEnd::How::stopped_too) return; // the one that was stopped tells
    if (failed(item.in_module, end)) throw sys::Error{describe_failure(program, item.in_module, end)};
    if (const auto objection = templates::objection(end.standard_output))
        throw sys::Error{
            fmt::format("{} {}; '/{}' is left as it was", item.in_module, *objection, item.path)};
}

/// In name order; a failing script ends the module, a failing check does not keep the others from running.
bool ModuleRun::run_scripts(const std::vector<Script>& scripts, Phase phase,
                            const std::vector<Profile>& profiles) {
    bool all = true;
    for (std::size_t i = 0; i < scripts.size(); ++i) {
        const Script& script = scripts[i];
        const std::size_t program = next_;
        const sandbox::ProgramEnd end = std::move(run_next({script.in_module}, phase, profiles[i]).front());
        if (profiles[i] == Profile::strict) look_for_refusals(script);
        if (!failed(script.in_module, end)) continue;
        all = false;
        const std::string failure = describe_failure(program, script.in_module, end);
        if (phase != Phase::check) throw sys::Error{failure};
        if (report_->reason.empty()) report_->reason = failure;
        if (!end.succeeded() && end.how != sandbox::ProgramEnd::How::exited &&
            end.how != sandbox::ProgramEnd::How::signalled)
            break;
    }
    return all;
}

/// With `auto`, a script that the restricted shell refused something, or that ran a command which is not on
/// its list, did not do what it will do in a live dance.
void ModuleRun::look_for_refusals(const Script& script) {
    if (!is_automatic()) return;
    std::string first;
    for (const model::Notice& notice : report_->notices) {
        if (notice.step != script.in_module) continue;
        const bool refused = notice.kind == model::NoticeKind::restricted;
        if (!refused && std::find(unlisted_.begin(), unlisted_.end(), notice.argv) == unlisted_.end())
            continue;
        std::string reason = refused ? notice.text
                                     : fmt::format("not on the list of strict scripts' commands: {}",
                                                   sys::printable_text(sys::quote_words(notice.argv)));
        if (first.empty()) first = reason;
        repeat_reasons_.push_back({model::NoticeKind::restricted,
                                   reason.append(model::repeated_as_simulate),
                                   {},
                                   script.in_module});
    }
    if (!first.empty())
        context_.verdicts->remember(digest_of(script), {module_.name + "/" + script.in_module, first});
}

std::vector<sandbox::ProgramEnd> ModuleRun::run_next(const std::vector<std::string>& names, Phase phase,
                                                     Profile profile) {
    const bool reports = profile == Profile::strict || profile == Profile::template_;
    if (reports) context_.views.renew_commands(box_->root()); // scripts before may have installed some
    std::vector<NoticeReader> notices;
    notices.reserve(names.size());
    for (const std::string& name : names) notices.emplace_back(name);
    const auto hear = [&](std::size_t program, std::string_view bytes) {
        if (reports) notices[program].feed(bytes);
        output_.pass(bytes);
    };
    // While one program runs there is a processor to spare, mostly.
    const bool spare = names.size() == 1 || module_.scripts.empty();
    auto ends = box_->run_together(next_, names.size(), hear,
                                   spare ? std::exchange(meanwhile_, {}) : std::function<void()>{});
    next_ += names.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
        for (model::Notice& notice : notices[i].take()) report_->notices.push_back(std::move(notice));
        enter_program(*report_, phase, names[i], profile, ends[i]);
        if (auto missed = missed_service(ends[i].output, context_.views.root(),
                                         box_->network() == model::Network::host, names[i]))
            report_->notices.push_back(std::move(*missed));
    }
    note_asked(names, phase);
    // What strict scripts and templates may run knows of no network.
    if (!reports)
        for (model::Notice& notice : context_.views.networks().missed(
                 *box_, names.front(), "write `network egress` in the module's `sandbox` file"))
            report_->notices.push_back(std::move(notice));
    return ends;
}

/// What the programs that have just run asked for by guarded commands.
void ModuleRun::note_asked(const std::vector<std::string>& names, Phase phase) {
    const std::string step = fmt::format("{}", fmt::join(names, ", "));
    for (const border::Asked& asked : broker_->take()) {
        if (asked.what == border::Asked::What::unlisted) unlisted_.push_back(asked.argv);
        // A template only says what a file is to hold, and a check comes after the actions: nothing is
        // queued.
        if (asked.what == border::Asked::What::failure)
            note_fault(asked, names);
        else if (phase == Phase::script)
            enter_asked(*report_, asked, step, context_.mode);
        else
            enter_unqueued(*report_, asked, step);
        if (asked.what == border::Asked::What::unlisted && phase == Phase::template_)
            note_hole(asked.argv, names);
    }
}

/// What a template's command did not print is missing in its output, in a live dance, too.
void ModuleRun::note_hole(const std::vector<std::string>& command, const std::vector<std::string>& names) {
    const std::string text =
        fmt::format("it calls '{}', which is not on the list of commands for templates; if it only reads, a "
                    "line `{}` in a file in "
                    "/etc/disco/policy/restricted.d puts it there",
                    sys::printable_text(sys::quote_words(command)), sys::printable(command.at(0)));
    for (const model::Notice& notice : report_->notices) // as it was told on that one's standard error
        if (notice.argv == command && std::find(names.begin(), names.end(), notice.step) != names.end()) {
            faults_.emplace(notice.step, text);
            return;
        }
    for (const std::string& name : names) faults_.emplace(name, text);
}

/// The asker is named by itself; among those that run at the same time it is believed which one it is.
void ModuleRun::note_fault(const border::Asked& asked, const std::vector<std::string>& names) {
    const auto named = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
        return asked.argv.at(0) == "/run/disco/module/" + name;
    });
    faults_.emplace(named == names.end() ? names.front() : *named, sys::printable_text(asked.argv.at(1)));
}

std::string ModuleRun::describe_failure(std::size_t program, const std::string& name,
                                        const sandbox::ProgramEnd& end) const {
    const auto fault = faults_.find(name);
    std::string text = fault == faults_.end()
                           ? fmt::format("{} {}", name, end.describe(programs_.at(program)))
                           : fmt::format("{} cannot do its work: {}", name, fault->second);
    const bool refused =
        std::any_of(report_->notices.begin(), report_->notices.end(), [&](const auto& notice) {
            return notice.kind == model::NoticeKind::restricted && notice.step == name;
        });
    if (refused)
        text += " (after the restricted shell refused what is listed; the live dance does not restrict "
                "scripts)";
    return text;
}

/// Templates may run side by side, as many as there are processors.
std::size_t ModuleRun::lanes() const {
    const auto templates =
        static_cast<std::size_t>(std::count_if(module_.templates.begin(), module_.templates.end(), is_file));
    static const auto processors = static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    return std::clamp<std::size_t>(std::min(templates, processors), 1, sandbox::max_lanes);
}

} // namespace disco::dance
