// What a module's programs are started with, and under which profile.

#include "runner/dance/module_run.hpp"

#include "runner/sys/files.hpp"
#include "templates/template_output.hpp"

#include <algorithm>

namespace disco::dance {
namespace {

using model::Phase;
using model::Profile;

constexpr const char* bash = "/bin/bash";

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

} // namespace

bool ModuleRun::is_automatic() const {
    return !live() && module_.sandbox.profile.value_or(context_.profile) == model::ScriptProfile::automatic;
}

Profile ModuleRun::profile_of(const Script& script) const {
    if (live()) return Profile::live;
    switch (module_.sandbox.profile.value_or(context_.profile)) {
    case model::ScriptProfile::strict: return Profile::strict;
    case model::ScriptProfile::simulate: return Profile::simulate;
    case model::ScriptProfile::automatic: break;
    }
    if (!is_for_a_shell(script)) return Profile::simulate; // bash would make something else of it
    return context_.verdicts->simulate(digest_of(script)) ? Profile::simulate : Profile::strict;
}

sys::Sha256Digest ModuleRun::digest_of(const Script& script) const {
    return sys::sha256(sys::read_file(module_.directory / script.in_module));
}

/// Unless it is said again.
void ModuleRun::show_output() {
    if (repeat_reasons_.empty())
        output_.release();
    else
        output_.discard();
}

void ModuleRun::build_programs() {
    const bool restricted = std::any_of(module_.templates.begin(), module_.templates.end(), is_file) ||
                            std::find(script_profiles_.begin(), script_profiles_.end(), Profile::strict) !=
                                script_profiles_.end();
    if (restricted) context_.views.need_command_directory();
    for (const Deliverable& item : module_.templates)
        if (is_file(item)) add_template(item);
    for (std::size_t i = 0; i < module_.scripts.size(); ++i)
        add_script(module_.scripts[i], Phase::script, script_profiles_[i]);
}

void ModuleRun::add_template(const Deliverable& item) {
    sandbox::Program program;
    program.path = bash;
    program.argv = {"bash", "--restricted", "/run/disco/module/" + item.in_module};
    program.environment =
        context_.views.environment(context_.mode, module_.name, model::to_string(Phase::template_), true);
    context_.views.confine(program, Profile::template_);
    program.output = sandbox::Program::Output::separate;
    program.view = sandbox::Program::View::readonly;
    program.standard_output_limit = templates::output_limit;
    add(std::move(program));
}

void ModuleRun::add_script(const Script& script, Phase phase, Profile profile) {
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
    program.environment = context_.views.environment(context_.mode, module_.name, model::to_string(phase),
                                                     profile == Profile::strict);
    context_.views.confine(program, profile);
    add(std::move(program));
}

void ModuleRun::add(sandbox::Program program) {
    program.timeout = module_.sandbox.timeout.value_or(context_.timeout);
    programs_.push_back(std::move(program));
}

} // namespace disco::dance
