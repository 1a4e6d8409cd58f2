#pragma once

#include "runner/module/held_output.hpp"
#include "runner/module/module_contents.hpp"
#include "runner/module/module_context.hpp"
#include "runner/module/module_sandbox.hpp"
#include "runner/sys/sha256.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace disco::module {

/// One module's work, on a layer of its own. References what it is given.
class ModuleWork {
public:
    ModuleWork(const ModuleContents& module, const ModuleContext& context);

    [[nodiscard]] const ModuleContents& module() const noexcept { return module_; }

    /// Starts the module's sandbox, which may be done while another module is at work: what it builds before
    /// its layer begins takes as long as a short script. Throws sys::Error.
    void start();

    /// Delivers the module's files, resolves its templates, runs its scripts, and records the differences.
    /// The layer is kept when there are any, and dropped otherwise or on failure. A failure of the module is
    /// in the report; throws what ends the dance (Interrupted, errors of the machine). `meanwhile` is called
    /// once, while a program runs, or at the end when there is none.
    [[nodiscard]] model::ModuleReport run(const std::function<void()>& meanwhile);

    /// Why the module is to be run again: scripts that the strict profile could not run were found, and are
    /// remembered, so that another ModuleWork simulates them. What the first run reported counts for nothing.
    [[nodiscard]] const std::vector<model::Notice>& repeat_reasons() const noexcept {
        return repeat_reasons_;
    }

private:
    void add_programs();
    [[nodiscard]] bool is_automatic() const;
    [[nodiscard]] model::Profile profile_of(const Script& script) const;
    [[nodiscard]] sys::Sha256Digest digest_of(const Script& script) const;
    [[nodiscard]] model::Network network() const;
    void work(model::ModuleReport& report);
    void deliver_files(model::ModuleReport& report);
    void resolve_templates(model::ModuleReport& report);
    void run_scripts(model::ModuleReport& report);
    std::vector<sandbox::ProgramEnd> run_next(model::ModuleReport& report,
                                              const std::vector<std::string>& names, model::Phase phase,
                                              model::Profile profile);
    void look_for_refusals(const model::ModuleReport& report, const Script& script);
    /// Absolute in the tree; without directories, which are there for what is in them.
    [[nodiscard]] std::set<std::string> delivered_paths() const;
    void show_output();

    const ModuleContents& module_;
    const ModuleContext& context_;
    std::vector<model::Profile> script_profiles_; ///< of module_.scripts
    std::vector<model::Notice> repeat_reasons_;
    HeldOutput output_;
    ModuleSandbox sandbox_;
    std::function<void()> meanwhile_; ///< empty once it was called
};

} // namespace disco::module
