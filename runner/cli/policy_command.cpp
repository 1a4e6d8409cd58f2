#include "runner/cli/policy_command.hpp"

#include "policy/capability_names.hpp"
#include "policy/command_directory.hpp"
#include "policy/guarded_commands.hpp"
#include "policy/policy_store.hpp"
#include "runner/cli/guarded_text.hpp"
#include "runner/module/verdicts.hpp"
#include "runner/run/state.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/view/views.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::cli {
namespace {

using model::Profile;
using policy::CallRule;
using policy::GuardKind;

void say(const std::string& text) { write_to(STDOUT_FILENO, text); }

void show_profile(policy::PolicyStore& store, Profile profile) {
    const policy::ProfilePolicy& rules = store.profile(profile);
    say(fmt::format("profile {}  ({})\n", model::to_string(profile),
                    store.file_of(model::to_string(profile)).string()));
    std::vector<std::string> capabilities;
    for (unsigned bit = 0; bit < 64; ++bit)
        if ((rules.capabilities >> bit & 1) != 0) capabilities.push_back(policy::capability_name(bit));
    say(fmt::format("  capabilities\n{}", paragraph(capabilities)));
    std::map<CallRule::Kind, std::vector<std::string>> calls;
    for (const auto& [name, rule] : rules.calls)
        calls[rule.kind].push_back(rule.kind == CallRule::Kind::report
                                       ? fmt::format("{}={}", name, policy::answer_name(rule.answer))
                                       : name);
    say(fmt::format("  system calls allowed\n{}", paragraph(calls[CallRule::Kind::allow])));
    say(fmt::format("  system calls reported, with their answer\n{}",
                    paragraph(calls[CallRule::Kind::report])));
    say(fmt::format("  system calls refused with EPERM (all others: ENOSYS)\n{}",
                    paragraph(calls[CallRule::Kind::refuse])));
    say("\n");
}

void show_commands(const std::filesystem::path& data) {
    const std::set<std::string> listed = policy::load_allow_list(data);
    say(fmt::format("commands that templates and strict scripts may run (restricted.d)\n{}\n",
                    paragraph({listed.begin(), listed.end()})));
    say("guarded commands (guarded.d); a command line that no form fits is refused\n");
    const auto guarded = policy::load_guarded_commands(data, policy::override_directory);
    say(grammars_text(guarded));
}

int show(const PolicyOptions& options) {
    const auto data = run::data_directory();
    policy::PolicyStore store{data};
    bool any = false;
    for (const Profile profile : policy::all_profiles) {
        if (!options.profile.empty() && options.profile != model::to_string(profile)) continue;
        show_profile(store, profile);
        any = true;
    }
    if (!any)
        throw sys::BadConfiguration{
            fmt::format("there is no profile '{}'; there are template, strict, simulate and live",
                        sys::printable(options.profile))};
    const bool restricts =
        options.profile.empty() || options.profile == "template" || options.profile == "strict";
    if (restricts) show_commands(data);
    return 0;
}

const char* meaning(GuardKind kind, Profile profile) {
    switch (kind) {
    case GuardKind::view: return "runs it in the sandbox";
    case GuardKind::query: return "asks the host, read-only, and hands its answer over";
    case GuardKind::action:
        return profile == Profile::live ? "queues it; it runs after the merge" : "reports it, and succeeds";
    case GuardKind::both:
        return profile == Profile::live ? "runs it in the sandbox, and again after the merge"
                                        : "runs it in the sandbox, and reports it";
    case GuardKind::refuse: return "refuses it, and says so";
    }
    return "?"; // not reached: -Wswitch guards the list
}

int check_command(const std::vector<std::string>& argv) {
    const auto data = run::data_directory();
    const policy::PolicyStore store{data}; // for what may be wrong with the profiles
    const auto guarded = policy::load_guarded_commands(data, policy::override_directory);
    const std::set<std::string> listed = policy::load_allow_list(data);
    const std::string name = argv[0].substr(argv[0].rfind('/') + 1);
    const bool by_path = argv[0].find('/') != std::string::npos;
    say(fmt::format("{}\n", sys::printable(sys::quote_words(argv))));
    std::optional<policy::GuardDecision> decision;
    if (guarded.contains(name)) {
        const policy::GuardExplanation explanation = guarded.explain(argv);
        say(explanation_text(argv, explanation));
        decision = explanation.decision;
    }
    for (const Profile profile : policy::all_profiles) {
        const bool restricted = profile == Profile::template_ || profile == Profile::strict;
        std::string text;
        if (restricted && by_path)
            text = "the restricted shell refuses a command name with '/' (auto: simulate instead)";
        else if (decision)
            text = fmt::format("{}  ({}, {})", meaning(decision->kind, profile),
                               policy::to_string(decision->kind),
                               decision->known ? decision->place : "no form fits");
        else if (restricted && !listed.contains(name))
            text = "reports it, and succeeds: it is not in restricted.d (auto: simulate instead)";
        else
            text = restricted ? "runs it in the sandbox: it is in restricted.d" : "runs it in the sandbox";
        say(fmt::format("  {:<9} {}\n", model::to_string(profile), text));
    }
    if (guarded.contains(name))
        say("Where the tree has no such command, there is nothing to be guarded: it is not found.\n");
    return 0;
}

int check_scripts(const PolicyOptions& options, const run::CommonOptions& common) {
    const run::StateDirectory state{common.state_dir, run::StateDirectory::Missing::leave};
    module::Verdicts verdicts{state.path()};
    for (const auto& [hash, verdict] : verdicts.all())
        say(fmt::format("{}  {}  simulate: {}\n", hash.substr(0, 12), sys::printable_text(verdict.script),
                        sys::printable_text(verdict.reason)));
    if (verdicts.all().empty()) say("no verdict on a script is remembered\n");
    if (!options.forget) return 0;
    const std::size_t count = verdicts.all().size();
    verdicts.forget_all();
    say(fmt::format("{} forgotten\n", count));
    return 0;
}

} // namespace

int run_policy(const PolicyOptions& policy, const run::CommonOptions& common) {
    if (policy.verb == "show") return show(policy);
    return policy.scripts ? check_scripts(policy, common) : check_command(policy.command);
}

} // namespace disco::cli
