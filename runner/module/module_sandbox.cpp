#include "runner/module/module_sandbox.hpp"

#include "runner/model/view_layout.hpp"
#include "runner/module/missed_services.hpp"
#include "runner/module/notice_reader.hpp"
#include "runner/module/program_step.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/shown_words.hpp"
#include "templates/template_output.hpp"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::module {
namespace {

using model::Phase;
using model::Profile;

constexpr const char* bash = "/bin/bash";

/// Where a program of the module is in its view.
std::string in_view(const std::string& in_module) {
    return fmt::format("{}/{}", model::view_layout::module, in_module);
}

bool is_resolver_file(const Deliverable& item) { return item.path == "etc/resolv.conf"; }
bool is_file(const Deliverable& item) { return item.type == model::ObjectType::file; }

} // namespace

ModuleSandbox::ModuleSandbox(const ModuleContents& module, const ModuleContext& context,
                             std::function<void(std::string_view bytes)> show)
    : module_{module}, context_{context}, show_{std::move(show)} {}

void ModuleSandbox::add_template(const Deliverable& item) {
    sandbox::Program program;
    program.path = bash;
    program.argv = {"bash", "--restricted", in_view(item.in_module)};
    program.environment =
        context_.views.environment(context_.mode, module_.name, model::to_string(Phase::template_), true);
    context_.views.confine(program, Profile::template_);
    program.output = sandbox::Program::Output::separate;
    program.view = sandbox::Program::View::readonly;
    program.standard_output_limit = templates::output_limit;
    add(item.in_module, std::move(program));
}

void ModuleSandbox::add_script(const Script& script, Phase phase, Profile profile) {
    sandbox::Program program;
    const std::string path = in_view(script.in_module);
    if (profile == Profile::strict) {
        program.path = bash;
        program.argv = {"bash", "--restricted", path};
    } else if (script.interpreter.empty()) {
        program.path = bash;
        program.argv = {"bash", path};
    } else {
        program.path = script.interpreter[0];
        program.argv = script.interpreter;
        program.argv.push_back(path);
    }
    program.environment = context_.views.environment(context_.mode, module_.name, model::to_string(phase),
                                                     profile == Profile::strict);
    context_.views.confine(program, profile);
    add(script.in_module, std::move(program));
}

void ModuleSandbox::add(const std::string& name, sandbox::Program program) {
    program.timeout = module_.sandbox.timeout.value_or(context_.timeout);
    places_[name] = programs_.size();
    programs_.push_back(std::move(program));
}

void ModuleSandbox::start(model::Network network) {
    broker_.emplace(context_.views.guarded(), context_.views.host(),
                    context_.mode == model::RunMode::live ? border::Broker::Mode::live
                                                          : border::Broker::Mode::noop,
                    context_.views.called(), context_.views.allowance());
    const bool own_resolver_file =
        std::any_of(module_.files.begin(), module_.files.end(), is_resolver_file) ||
        std::any_of(module_.templates.begin(), module_.templates.end(), is_resolver_file);
    box_.emplace(context_.views.start(
        {module_.directory, context_.parameters, own_resolver_file},
        {.programs = programs_, .network = network, .lanes = lanes(), .broker = &*broker_}));
}

std::size_t ModuleSandbox::lanes() const {
    const auto templates =
        static_cast<std::size_t>(std::count_if(module_.templates.begin(), module_.templates.end(), is_file));
    static const auto processors = static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    return std::clamp<std::size_t>(std::min(templates, processors), 1, sandbox::max_lanes);
}

std::vector<sandbox::ProgramEnd> ModuleSandbox::run_next(model::ModuleReport& report,
                                                         const std::vector<std::string>& names, Phase phase,
                                                         Profile profile,
                                                         const std::function<void()>& meanwhile) {
    const bool reports = profile == Profile::strict || profile == Profile::template_;
    if (reports) context_.views.renew_commands(box().root()); // scripts before may have installed some
    context_.options.progress->step_begins(names.front());
    broker_->count_actions(phase == Phase::script);
    std::vector<NoticeReader> notices;
    notices.reserve(names.size());
    for (const std::string& name : names) notices.emplace_back(name);
    const auto hear = [&](std::size_t program, std::string_view bytes) {
        if (reports) notices[program].feed(bytes);
        show_(bytes);
    };
    auto ends = box().run_together(next_, names.size(), hear, meanwhile);
    next_ += names.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
        for (model::Notice& notice : notices[i].take()) report.notices.push_back(std::move(notice));
        enter_program(report, phase, names[i], profile, ends[i]);
        if (auto missed = missed_service(ends[i].output, context_.views.root(),
                                         box().network() == model::Network::host, names[i]))
            report.notices.push_back(std::move(*missed));
    }
    note_asked(report, names, phase);
    // What strict scripts and templates may run knows of no network.
    if (!reports)
        for (model::Notice& notice : context_.views.networks().missed(
                 box(), names.front(), "write `network egress` in the module's `sandbox` file"))
            report.notices.push_back(std::move(notice));
    return ends;
}

/// What the programs that have just run asked for by guarded commands.
void ModuleSandbox::note_asked(model::ModuleReport& report, const std::vector<std::string>& names,
                               Phase phase) {
    const std::string step = fmt::format("{}", fmt::join(names, ", "));
    for (const border::GuardedRequest& asked : broker_->take()) {
        if (asked.kind == border::GuardedRequest::Kind::unlisted) unlisted_.push_back(asked.argv);
        // A template only says what a file is to hold, and a check comes after the actions: nothing is
        // queued.
        if (asked.kind == border::GuardedRequest::Kind::failure)
            note_fault(asked, names);
        else if (phase == Phase::script)
            enter_asked(report, asked, step, context_.mode);
        else
            enter_unqueued(report, asked, step);
        if (asked.kind == border::GuardedRequest::Kind::unlisted && phase == Phase::template_)
            note_hole(report, asked.argv, names);
    }
}

/// What a template's command did not print is missing in its output, in a live dance, too.
void ModuleSandbox::note_hole(const model::ModuleReport& report, const std::vector<std::string>& command,
                              const std::vector<std::string>& names) {
    const std::string text =
        fmt::format("it calls '{}', which is not on the list of commands for templates; if it only reads, a "
                    "line `{}` in a file in "
                    "/etc/disco/policy/restricted.d puts it there",
                    sys::shown_words(command), sys::printable(command.at(0)));
    for (const model::Notice& notice : report.notices) // printed on standard error by the one that called it
        if (notice.argv == command && std::find(names.begin(), names.end(), notice.step) != names.end()) {
            faults_.emplace(notice.step, text);
            return;
        }
    for (const std::string& name : names) faults_.emplace(name, text);
}

/// The asker is named by itself; among those that run at the same time it is believed which one it is.
void ModuleSandbox::note_fault(const border::GuardedRequest& asked, const std::vector<std::string>& names) {
    const auto named = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
        return asked.argv.at(0) == in_view(name);
    });
    faults_.emplace(named == names.end() ? names.front() : *named, sys::printable_text(asked.argv.at(1)));
}

std::optional<std::string> ModuleSandbox::failure(const model::ModuleReport& report, const std::string& name,
                                                  const sandbox::ProgramEnd& end) const {
    const auto fault = faults_.find(name);
    if (end.succeeded() && fault == faults_.end()) return std::nullopt;
    std::string text = fault == faults_.end()
                           ? fmt::format("{} {}", name, end.describe(programs_.at(places_.at(name))))
                           : fmt::format("{} cannot do its work: {}", name, fault->second);
    const bool refused = std::any_of(report.notices.begin(), report.notices.end(), [&](const auto& notice) {
        return notice.kind == model::NoticeKind::restricted && notice.step == name;
    });
    if (refused)
        text += " (after the restricted shell refused what is listed; the live dance does not restrict "
                "scripts)";
    return text;
}

} // namespace disco::module
