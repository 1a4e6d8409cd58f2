#pragma once

#include "runner/dance/change_recorder.hpp"
#include "runner/dance/held_output.hpp"
#include "runner/dance/module_contents.hpp"
#include "runner/dance/options.hpp"
#include "runner/dance/verdicts.hpp"
#include "runner/dance/views.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace disco::dance {

/// What one module's work needs from the dance around it.
struct ModuleRunContext {
    const CommonOptions& options;
    model::RunMode mode = model::RunMode::noop;
    Views& views;
    ChangeRecorder& recorder;
    std::filesystem::path parameters; ///< the effective tree, on the host
    model::Network network = model::Network::isolated;
    std::chrono::seconds timeout{900};
    model::ScriptProfile profile = model::ScriptProfile::strict; ///< of a no-op's scripts
    Verdicts* verdicts = nullptr;                                ///< of a no-op with ScriptProfile::automatic
};

/// One module's work, on a layer of its own. References what it is given.
class ModuleRun {
public:
    ModuleRun(const ModuleContents& module, const ModuleRunContext& context);

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
    /// remembered, so that another ModuleRun simulates them. What the first run reported counts for nothing.
    [[nodiscard]] const std::vector<model::Notice>& repeat_reasons() const noexcept {
        return repeat_reasons_;
    }

    /// Runs the module's checks against the live root as it is now, in a sandbox with the host's network
    /// whose writes are discarded. False when one fails; the steps are added to the report.
    [[nodiscard]] bool run_checks(model::ModuleReport& report);

private:
    void build_programs();
    void add_template(const Deliverable& item);
    void add_script(const Script& script, model::Phase phase, model::Profile profile);
    [[nodiscard]] bool live() const noexcept { return context_.mode == model::RunMode::live; }
    [[nodiscard]] bool is_automatic() const;
    void show_output();
    [[nodiscard]] model::Profile profile_of(const Script& script) const;
    [[nodiscard]] sys::Sha256Digest digest_of(const Script& script) const;
    void look_for_refusals(const Script& script);
    void add(sandbox::Program program);
    [[nodiscard]] model::Network network() const;
    void start(model::Network network);
    void work();
    void deliver_files();
    void resolve_templates();
    void check_template(const Deliverable& item, std::size_t program, const sandbox::ProgramEnd& end) const;
    bool run_scripts(const std::vector<Script>& scripts, model::Phase phase,
                     const std::vector<model::Profile>& profiles);
    /// Runs the next programs together, one for each name, and enters them as steps.
    std::vector<sandbox::ProgramEnd> run_next(const std::vector<std::string>& names, model::Phase phase,
                                              model::Profile profile);
    void note_asked(const std::vector<std::string>& names, model::Phase phase);
    void note_hole(const std::vector<std::string>& command, const std::vector<std::string>& names);
    void note_fault(const border::Asked& asked, const std::vector<std::string>& names);
    [[nodiscard]] bool failed(const std::string& name, const sandbox::ProgramEnd& end) const {
        return !end.succeeded() || faults_.contains(name);
    }
    [[nodiscard]] std::string describe_failure(std::size_t program, const std::string& name,
                                               const sandbox::ProgramEnd& end) const;
    [[nodiscard]] std::size_t lanes() const;

    const ModuleContents& module_;
    const ModuleRunContext& context_;
    std::vector<model::Profile> script_profiles_;    ///< of module_.scripts
    std::vector<std::vector<std::string>> unlisted_; ///< commands that strict scripts did not get
    std::vector<model::Notice> repeat_reasons_;
    HeldOutput output_;
    std::map<std::string, std::string> faults_; ///< step → why it fails, whatever its exit status is
    std::vector<sandbox::Program> programs_;
    std::size_t next_ = 0;
    std::optional<border::Broker> broker_; ///< before the sandbox that it attends to
    std::optional<sandbox::Sandbox> box_;
    std::function<void()> meanwhile_; ///< empty once it was called
    model::ModuleReport* report_ = nullptr;
};

} // namespace disco::dance
