#include "runner/module/module_work.hpp"

#include "runner/model/repetition.hpp"
#include "runner/module/begun_layer.hpp"
#include "runner/module/delivery.hpp"
#include "runner/run/stopwatch.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/shown_words.hpp"
#include "templates/template_output.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace disco::module {
namespace {

using model::Phase;
using model::Profile;

bool is_file(const Deliverable& item) { return item.type == model::ObjectType::file; }

bool is_for_a_shell(const Script& script) {
    if (script.interpreter.empty()) return true;
    for (const std::string& word : script.interpreter) { // "/usr/bin/env bash", too
        const std::string name = word.substr(word.rfind('/') + 1);
        if (name == "env") continue;
        return name == "bash" || name == "sh" || name == "dash";
    }
    return true;
}

/// Closes the sandbox at the end of a scope.
class SandboxEnd {
public:
    explicit SandboxEnd(ModuleSandbox& sandbox) : sandbox_{sandbox} {}
    SandboxEnd(const SandboxEnd&) = delete;
    SandboxEnd& operator=(const SandboxEnd&) = delete;
    ~SandboxEnd() { sandbox_.close(); }

private:
    ModuleSandbox& sandbox_;
};

/// Throws when it failed by itself.
void check_template(const ModuleSandbox& sandbox, const model::ModuleReport& report, const Deliverable& item,
                    const sandbox::ProgramEnd& end) {
    if (end.how == sandbox::ProgramEnd::Kind::stopped_too) return; // the one that was stopped reports it
    if (const auto failure = sandbox.failure(report, item.in_module, end)) throw sys::Error{*failure};
    if (const auto objection = templates::objection(end.standard_output))
        throw sys::Error{
            fmt::format("{} {}; '/{}' is left as it was", item.in_module, *objection, item.path)};
}

} // namespace

ModuleWork::ModuleWork(const ModuleContents& module, const ModuleContext& context)
    : module_{module},
      context_{context},
      output_{[this](std::string_view bytes) {
          if (context_.options.on_output) context_.options.on_output(module_.name, bytes);
      }},
      sandbox_{module, context, [this](std::string_view bytes) { output_.pass(bytes); }} {
    for (const Script& script : module.scripts) script_profiles_.push_back(profile_of(script));
    if (is_automatic() && std::count(script_profiles_.begin(), script_profiles_.end(), Profile::strict) != 0)
        output_.hold();
}

bool ModuleWork::is_automatic() const {
    return context_.mode == model::RunMode::noop &&
           module_.sandbox.profile.value_or(context_.profile) == model::ScriptProfile::automatic;
}

Profile ModuleWork::profile_of(const Script& script) const {
    if (context_.mode == model::RunMode::live) return Profile::live;
    switch (module_.sandbox.profile.value_or(context_.profile)) {
    case model::ScriptProfile::strict: return Profile::strict;
    case model::ScriptProfile::simulate: return Profile::simulate;
    case model::ScriptProfile::automatic: break;
    }
    if (!is_for_a_shell(script)) return Profile::simulate; // bash would make something else of it
    return context_.verdicts->simulate(digest_of(script)) ? Profile::simulate : Profile::strict;
}

sys::Sha256Digest ModuleWork::digest_of(const Script& script) const {
    return sys::sha256(sys::read_file(module_.directory / script.in_module));
}

/// Delivering files takes none.
model::Network ModuleWork::network() const {
    return sandbox_.has_programs() ? module_.sandbox.network.value_or(context_.network)
                                   : model::Network::isolated;
}

void ModuleWork::start() {
    if (module_.empty()) return;
    if (!sandbox_.has_programs()) add_programs();
    sandbox_.start(network());
    sandbox_.know_of(context_.views.queued());
}

void ModuleWork::add_programs() {
    const bool restricted = std::any_of(module_.templates.begin(), module_.templates.end(), is_file) ||
                            std::find(script_profiles_.begin(), script_profiles_.end(), Profile::strict) !=
                                script_profiles_.end();
    if (restricted) context_.views.need_command_directory();
    for (const Deliverable& item : module_.templates)
        if (is_file(item)) sandbox_.add_template(item);
    for (std::size_t i = 0; i < module_.scripts.size(); ++i)
        sandbox_.add_script(module_.scripts[i], Phase::script, script_profiles_[i]);
}

model::ModuleReport ModuleWork::run(const std::function<void()>& meanwhile) {
    model::ModuleReport report;
    report.name = module_.name;
    if (module_.empty()) return report;
    meanwhile_ = meanwhile;
    BegunLayer layer{context_.views};
    const SandboxEnd end{sandbox_}; // before its layer, on every way out
    try {
        if (!sandbox_.is_started()) start();
        work(report);
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
    sandbox_.box().stop();                       // it goes while the layer is looked at
    // A scan that fails half-way leaves half a change set: nothing after it could be trusted, so the dance
    // ends.
    const bool of_use = sys::while_doing(fmt::format("looking at what module '{}' changed", module_.name),
                                         [&] { return context_.recorder.record(report, delivered_paths()); });
    sandbox_.close();
    if (report.changes() != 0) report.outcome = model::ModuleOutcome::changed;
    if (of_use) layer.keep();
    return report;
}

void ModuleWork::work(model::ModuleReport& report) {
    sandbox::Sandbox& box = sandbox_.box();
    context_.views.enter(box);
    if (auto notice = context_.views.networks().notice(network()))
        report.notices.push_back(std::move(*notice));
    context_.recorder.read_owners(box.root());
    deliver_files(report);
    resolve_templates(report);
    run_scripts(report);
    context_.views.complete(box);
    context_.recorder.read_owners(box.root());
}

void ModuleWork::deliver_files(model::ModuleReport& report) {
    if (module_.files.empty()) return;
    const run::Stopwatch watch;
    const Delivery delivery{sandbox_.box().root(), context_.recorder.owners(), module_, context_.shared};
    for (const Deliverable& item : module_.files) {
        sys::throw_if_interrupted();
        delivery.deliver(item);
    }
    report.steps.push_back(watch.step(Phase::files, "files"));
}

/// All are resolved before the first one's output is delivered: none sees what another one prints, on any
/// number of processors, and one that fails leaves everything as it was.
void ModuleWork::resolve_templates(model::ModuleReport& report) {
    std::vector<const Deliverable*> items;
    for (const Deliverable& item : module_.templates)
        if (is_file(item)) items.push_back(&item);
    std::vector<sandbox::ProgramEnd> ends;
    while (ends.size() < items.size()) {
        std::vector<std::string> names;
        for (std::size_t i = ends.size(); i < items.size() && names.size() < sandbox_.lanes(); ++i)
            names.push_back(items[i]->in_module);
        for (sandbox::ProgramEnd& end : run_next(report, names, Phase::template_, Profile::template_))
            ends.push_back(std::move(end));
        for (std::size_t i = 0; i < ends.size(); ++i) check_template(sandbox_, report, *items[i], ends[i]);
    }
    const Delivery delivery{sandbox_.box().root(), context_.recorder.owners(), module_, context_.shared};
    auto end = ends.begin();
    for (const Deliverable& item : module_.templates) {
        if (is_file(item))
            delivery.deliver_text(item, (end++)->standard_output);
        else
            delivery.deliver(item);
    }
}

/// In name order; one that fails ends the module.
void ModuleWork::run_scripts(model::ModuleReport& report) {
    for (std::size_t i = 0; i < module_.scripts.size(); ++i) {
        const Script& script = module_.scripts[i];
        const auto ends = run_next(report, {script.in_module}, Phase::script, script_profiles_[i]);
        if (script_profiles_[i] == Profile::strict) look_for_refusals(report, script);
        if (const auto failure = sandbox_.failure(report, script.in_module, ends.front()))
            throw sys::Error{*failure};
    }
}

std::vector<sandbox::ProgramEnd> ModuleWork::run_next(model::ModuleReport& report,
                                                      const std::vector<std::string>& names, Phase phase,
                                                      Profile profile) {
    // While one program runs there is a processor to spare, mostly.
    const bool spare = names.size() == 1 || module_.scripts.empty();
    return sandbox_.run_next(report, names, phase, profile,
                             spare ? std::exchange(meanwhile_, {}) : std::function<void()>{});
}

/// With `auto`, a script that the restricted shell refused something, or that ran a command which is not on
/// its list, did not do what it will do in a live dance.
void ModuleWork::look_for_refusals(const model::ModuleReport& report, const Script& script) {
    if (!is_automatic()) return;
    const auto& unlisted = sandbox_.unlisted();
    std::string first;
    for (const model::Notice& notice : report.notices) {
        if (notice.step != script.in_module) continue;
        const bool refused = notice.kind == model::NoticeKind::restricted;
        if (!refused && std::find(unlisted.begin(), unlisted.end(), notice.argv) == unlisted.end()) continue;
        std::string reason = refused ? notice.text
                                     : fmt::format("not on the list of strict scripts' commands: {}",
                                                   sys::shown_words(notice.argv));
        if (first.empty()) first = reason;
        repeat_reasons_.push_back({model::NoticeKind::restricted,
                                   reason.append(model::repeated_as_simulate),
                                   {},
                                   script.in_module});
    }
    if (!first.empty())
        context_.verdicts->remember(digest_of(script), {module_.name + "/" + script.in_module, first});
}

std::set<std::string> ModuleWork::delivered_paths() const {
    std::set<std::string> paths;
    for (const auto* items : {&module_.files, &module_.templates})
        for (const Deliverable& item : *items)
            if (item.type != model::ObjectType::directory) paths.insert("/" + item.path);
    return paths;
}

/// Unless it is said again.
void ModuleWork::show_output() {
    if (repeat_reasons_.empty())
        output_.release();
    else
        output_.discard();
}

} // namespace disco::module
