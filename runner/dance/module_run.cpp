#include "runner/dance/module_run.hpp"

#include "runner/dance/delivery.hpp"
#include "runner/dance/notice_reader.hpp"
#include "runner/dance/stopwatch.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/printable.hpp"
#include "templates/template_output.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::dance {
namespace {

using model::Phase;
using model::Profile;
using overlay::Layers;

constexpr const char* bash = "/bin/bash";

/// One run of a program in a sandbox, and what the report says of it.
class Work {
public:
    Work(const ModuleContents& module, const ModuleRunContext& context, model::ModuleReport& report)
        : module_{module},
          context_{context},
          report_{report},
          script_profile_{context.mode == model::RunMode::noop
                              ? module.sandbox.profile.value_or(Profile::strict)
                              : Profile::live} {}

    void run() {
        build_programs();
        Views& views = context_.views;
        views.layers().begin();
        const auto durability = context_.mode == model::RunMode::noop ? Layers::Durability::volatile_
                                                                      : Layers::Durability::durable;
        const auto network = module_.sandbox.network.value_or(context_.network);
        sandbox::Sandbox box =
            views.open({module_.directory, context_.parameters}, programs_, network, durability);
        context_.recorder.read_owners(box.root());
        deliver_files(box);
        resolve_templates(box);
        run_scripts(box, Phase::script);
        context_.recorder.read_owners(box.root());
    }

    bool run_checks() {
        add_scripts(module_.checks, Phase::check, Profile::live);
        context_.views.layers().begin();
        sandbox::Sandbox box = context_.views.open({module_.directory, context_.parameters}, programs_,
                                                   model::Network::host, Layers::Durability::volatile_);
        return run_scripts(box, Phase::check);
    }

private:
    void build_programs() {
        const bool restricted = std::any_of(module_.templates.begin(), module_.templates.end(), is_file) ||
                                (script_profile_ == Profile::strict && !module_.scripts.empty());
        if (restricted) context_.views.need_command_directory();
        for (const Deliverable& item : module_.templates)
            if (is_file(item)) add_template(item);
        add_scripts(module_.scripts, Phase::script, script_profile_);
    }

    static bool is_file(const Deliverable& item) { return item.type == model::ObjectType::file; }

    void add_template(const Deliverable& item) {
        sandbox::Program program;
        program.path = bash;
        program.argv = {"bash", "--restricted", "/run/disco/module/" + item.in_module};
        program.environment =
            context_.views.environment(context_.mode, module_.name, model::to_string(Phase::template_), true);
        program.confinement = context_.views.confinement(Profile::template_);
        program.output = sandbox::Program::Output::separate;
        program.view = sandbox::Program::View::readonly;
        program.standard_output_limit = templates::output_limit;
        add(std::move(program));
    }

    void add_scripts(const std::vector<Script>& scripts, Phase phase, Profile profile) {
        for (const Script& script : scripts) {
            sandbox::Program program;
            const std::string path = "/run/disco/module/" + script.in_module;
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
            program.environment = context_.views.environment(
                context_.mode, module_.name, model::to_string(phase), profile == Profile::strict);
            program.confinement = context_.views.confinement(profile);
            add(std::move(program));
        }
    }

    void add(sandbox::Program program) {
        program.timeout = module_.sandbox.timeout.value_or(context_.timeout);
        programs_.push_back(std::move(program));
    }

    void deliver_files(const sandbox::Sandbox& box) {
        if (module_.files.empty()) return;
        const Stopwatch watch;
        const Delivery delivery{box.root(), context_.recorder.owners(), module_.attributes};
        for (const Deliverable& item : module_.files) {
            sys::throw_if_interrupted();
            delivery.deliver(item);
        }
        report_.steps.push_back(watch.step(Phase::files, "files"));
    }

    void resolve_templates(sandbox::Sandbox& box) {
        const Delivery delivery{box.root(), context_.recorder.owners(), module_.attributes};
        for (const Deliverable& item : module_.templates) {
            if (!is_file(item)) {
                delivery.deliver(item);
                continue;
            }
            const sandbox::ProgramEnd end =
                run_next(box, Phase::template_, item.in_module, Profile::template_);
            if (!end.succeeded()) throw sys::Error{describe_failure(item.in_module, end)};
            if (const auto objection = templates::objection(end.standard_output))
                throw sys::Error{
                    fmt::format("{} {}; '/{}' is left as it was", item.in_module, *objection, item.path)};
            delivery.deliver_text(item, end.standard_output);
        }
    }

    /// In name order; a failing script ends the module, a failing check does not keep the others from
    /// running.
    bool run_scripts(sandbox::Sandbox& box, Phase phase) {
        bool all = true;
        const bool checks = phase == Phase::check;
        for (const Script& script : checks ? module_.checks : module_.scripts) {
            const sandbox::ProgramEnd end =
                run_next(box, phase, script.in_module, checks ? Profile::live : script_profile_);
            if (end.succeeded()) continue;
            all = false;
            if (!checks) throw sys::Error{describe_failure(script.in_module, end)};
            if (report_.reason.empty()) report_.reason = describe_failure(script.in_module, end);
            if (end.how != sandbox::ProgramEnd::How::exited && end.how != sandbox::ProgramEnd::How::signalled)
                break;
        }
        return all;
    }

    sandbox::ProgramEnd run_next(sandbox::Sandbox& box, Phase phase, const std::string& name,
                                 Profile profile) {
        NoticeReader notices{name};
        const bool reports = profile == Profile::strict || profile == Profile::template_;
        sandbox::ProgramEnd end = box.run(next_++, [&](std::string_view bytes) {
            if (reports) notices.feed(bytes);
            if (context_.options.on_output) context_.options.on_output(module_.name, bytes);
        });
        model::Step step;
        step.phase = phase;
        step.name = name;
        step.profile = profile;
        step.exit = end.exit;
        step.signal = end.signal;
        step.wall_s = end.wall_s;
        step.usage = end.usage;
        step.output = end.output;
        report_.steps.push_back(std::move(step));
        for (model::Notice& notice : notices.take()) report_.notices.push_back(std::move(notice));
        for (const std::string& line : end.left_running)
            report_.notices.push_back({model::NoticeKind::left_running,
                                       fmt::format("left running, and was killed: {}", sys::printable(line)),
                                       {},
                                       name});
        return end;
    }

    [[nodiscard]] std::string describe_failure(const std::string& name,
                                               const sandbox::ProgramEnd& end) const {
        std::string text = fmt::format("{} {}", name, end.describe(programs_.at(next_ - 1)));
        const bool refused =
            std::any_of(report_.notices.begin(), report_.notices.end(), [&](const auto& notice) {
                return notice.kind == model::NoticeKind::restricted && notice.step == name;
            });
        if (refused)
            text += " (after the restricted shell refused what is listed; the live dance does not restrict "
                    "scripts)";
        return text;
    }

    const ModuleContents& module_;
    const ModuleRunContext& context_;
    model::ModuleReport& report_;
    Profile script_profile_;
    std::vector<sandbox::Program> programs_;
    std::size_t next_ = 0;
};

/// The begun layer is dropped unless somebody said that it is to stay.
class BegunLayer {
public:
    explicit BegunLayer(Layers& layers) : layers_{layers} {}
    BegunLayer(const BegunLayer&) = delete;
    BegunLayer& operator=(const BegunLayer&) = delete;
    ~BegunLayer() {
        if (kept_) return;
        try {
            layers_.drop();
        } catch (
            const sys::Error&) { // the scratch directory goes at the end of the run, and warns if it cannot
        }
    }
    void keep() {
        layers_.keep();
        kept_ = true;
    }

private:
    Layers& layers_;
    bool kept_ = false;
};

} // namespace

model::ModuleReport run_module(const ModuleContents& module, const ModuleRunContext& context) {
    model::ModuleReport report;
    report.name = module.name;
    if (module.empty()) return report;
    BegunLayer layer{context.views.layers()};
    try {
        Work{module, context, report}.run();
    } catch (const sys::Interrupted&) {
        throw;
    } catch (const sys::Error& error) {
        report.outcome = model::ModuleOutcome::failed;
        report.reason = error.full_text();
        return report;
    }
    // A scan that fails half-way leaves half a change set: nothing after it could be trusted, so the dance
    // ends.
    sys::while_doing(fmt::format("looking at what module '{}' changed", module.name),
                     [&] { context.recorder.record(report); });
    if (report.changes() == 0) return report;
    report.outcome = model::ModuleOutcome::changed;
    layer.keep();
    return report;
}

bool run_checks(const ModuleContents& module, const ModuleRunContext& context, model::ModuleReport& report) {
    if (module.checks.empty()) return true;
    const BegunLayer layer{context.views.layers()};
    return Work{module, context, report}.run_checks();
}

} // namespace disco::dance
