#include "runner/module/trigger_watch.hpp"

#include "runner/border/named_action.hpp"
#include "runner/module/program_step.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>

namespace disco::module {
namespace {

constexpr const char* step_name = "triggers";

bool is_out(const model::ModuleReport& report) {
    return report.outcome == model::ModuleOutcome::failed || report.outcome == model::ModuleOutcome::skipped;
}

} // namespace

TriggerWatch::TriggerWatch(const std::map<std::string, ModuleContents>& modules,
                           const std::filesystem::path& state)
    : file_{state / "triggers"} {
    const auto text = sys::read_file_if_exists(file_);
    for (std::string_view line : sys::lines_of(text ? std::string_view{*text} : std::string_view{})) {
        const std::string module{sys::take_word(line)};
        debts_.emplace(module, line);
    }
    for (const auto& [name, module] : modules)
        for (const model::Trigger& trigger : module.triggers) {
            watched_.push_back({name, &trigger, model::PathGlobs{trigger.globs}});
            watched_.back().fired = debts_.contains(debt_of(watched_.back()));
        }
    // A line that is not there any more asks for nothing.
    std::erase_if(debts_, [&](const Debt& debt) {
        return modules.contains(debt.first) &&
               std::none_of(watched_.begin(), watched_.end(),
                            [&](const Watched& one) { return debt_of(one) == debt; });
    });
    earlier_ = debts_;
}

TriggerWatch::Debt TriggerWatch::debt_of(const Watched& one) {
    return {one.module, sys::quote_words(one.trigger->command)};
}

void TriggerWatch::note(std::string_view path) {
    for (Watched& one : watched_)
        if (!one.fires) one.fires = one.globs.cover(path);
}

void TriggerWatch::end_module(bool failed) {
    for (Watched& one : watched_) {
        one.fired = one.fired || (one.fires && !failed);
        one.fires = false;
    }
}

void TriggerWatch::enter(std::vector<model::ModuleReport>& modules, const policy::GuardedCommands& commands,
                         model::RunMode mode) const {
    for (model::ModuleReport& report : modules)
        for (const Watched& one : watched_)
            if (one.fired && one.module == report.name && !is_out(report))
                enter_asked(report, border::named_action(commands, one.trigger->command), step_name, mode);
}

void TriggerWatch::owe(const std::vector<model::ModuleReport>& modules) {
    for (const model::ModuleReport& report : modules) {
        std::erase_if(debts_, [&](const Debt& debt) { return debt.first == report.name; });
        for (const model::Action& action : report.actions)
            if (has_fired(report.name, action.argv))
                debts_.emplace(report.name, sys::quote_words(action.argv));
    }
    save();
}

bool TriggerWatch::has_fired(const std::string& module, const std::vector<std::string>& command) const {
    return std::any_of(watched_.begin(), watched_.end(), [&](const Watched& one) {
        return one.fired && one.module == module && one.trigger->command == command;
    });
}

void TriggerWatch::withdraw() {
    debts_ = earlier_;
    save();
}

void TriggerWatch::settle(const std::vector<model::ModuleReport>& modules) {
    for (const model::ModuleReport& report : modules)
        for (const model::Action& action : report.actions)
            if (action.outcome == model::ActionOutcome::done)
                debts_.erase({report.name, sys::quote_words(action.argv)});
    save();
}

void TriggerWatch::save() const {
    std::string text;
    for (const auto& [module, command] : debts_) text += module + " " + command + "\n";
    if (text == sys::read_file_if_exists(file_).value_or("")) return;
    sys::write_file_atomically(file_, text, 0600);
}

} // namespace disco::module
