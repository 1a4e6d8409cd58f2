#pragma once

#include "runner/model/kept_paths.hpp"
#include "runner/model/run_report.hpp"
#include "runner/module/module_contents.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disco::policy {
class GuardedCommands;
}

namespace disco::module {

/// The triggers of a run's modules: which of them a change has set off, and which an earlier run owes, as
/// their commands failed or that run was killed. What is owed is in STATE/triggers, lines "MODULE COMMAND".
class TriggerWatch {
public:
    /// `modules` must outlive it. Throws SysError.
    TriggerWatch(const std::map<std::string, ModuleContents>& modules, const std::filesystem::path& state);

    /// A path, absolute in the tree, that the module at work has changed.
    void note(std::string_view path);
    /// It is done; what a failed one has changed is discarded.
    void end_module(bool failed);

    /// Enters the commands into the reports of their modules, as actions: in the order of the modules and of
    /// their lines. Not for a module that failed or was skipped.
    void enter(std::vector<model::ModuleReport>& modules, const policy::GuardedCommands& commands,
               model::RunMode mode) const;

    /// Before a merge: from now on those are owed that are still actions of their modules, and no others of
    /// these: a reload may have turned out needless. Throws SysError.
    void owe(const std::vector<model::ModuleReport>& modules);
    /// It did not come to the merge: what was owed before is.
    void withdraw();
    /// After the actions: those that are done are not owed any more. Throws SysError.
    void settle(const std::vector<model::ModuleReport>& modules);

private:
    using Debt = std::pair<std::string, std::string>; ///< module, command as a shell would read it
    struct Watched {
        std::string module;
        const model::Trigger* trigger;
        model::PathGlobs globs;
        bool fired = false, fires = false; ///< by modules that are done; by the one at work
    };
    [[nodiscard]] static Debt debt_of(const Watched& one);
    [[nodiscard]] bool has_fired(const std::string& module, const std::vector<std::string>& command) const;
    void save() const;

    std::filesystem::path file_;
    std::vector<Watched> watched_; ///< by module, then by line
    std::set<Debt> debts_, earlier_;
};

} // namespace disco::module
