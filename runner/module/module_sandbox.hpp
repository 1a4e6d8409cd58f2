#pragma once

#include "runner/border/broker.hpp"
#include "runner/module/module_contents.hpp"
#include "runner/module/module_context.hpp"
#include "runner/sandbox/sandbox.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::module {

/// One module's programs in a sandbox of their own: they are added, the sandbox is started, and they run in
/// the order in which they were added. References what it is given.
class ModuleSandbox {
public:
    /// `show`: gets what they print.
    ModuleSandbox(const ModuleContents& module, const ModuleContext& context,
                  std::function<void(std::string_view bytes)> show);

    void add_template(const Deliverable& item);
    void add_script(const Script& script, model::Phase phase, model::Profile profile);
    [[nodiscard]] bool has_programs() const noexcept { return !programs_.empty(); }

    /// Throws sys::Error.
    void start(model::Network network);
    [[nodiscard]] bool is_started() const noexcept { return box_.has_value(); }
    /// The next two of a started one. What is asked is answered as it will be after these actions.
    void know_of(const std::vector<model::Action>& pending) { broker_.value().know_of(pending); }
    [[nodiscard]] sandbox::Sandbox& box() { return box_.value(); }
    void close() { box_.reset(); }
    /// How many programs may run at the same time: templates, as many as there are processors.
    [[nodiscard]] std::size_t lanes() const;

    /// Runs the next programs together, one for each name, and enters them in the report as steps, with what
    /// they asked for. `meanwhile` is called while they run; it may be empty. Throws what ends the dance.
    std::vector<sandbox::ProgramEnd> run_next(model::ModuleReport& report,
                                              const std::vector<std::string>& names, model::Phase phase,
                                              model::Profile profile,
                                              const std::function<void()>& meanwhile = {});
    /// How a program of that name has failed; nothing when it has not. `report`: as run_next left it.
    [[nodiscard]] std::optional<std::string>
    failure(const model::ModuleReport& report, const std::string& name, const sandbox::ProgramEnd& end) const;
    /// Commands that strict scripts and templates did not get, as they are not on the list.
    [[nodiscard]] const std::vector<std::vector<std::string>>& unlisted() const noexcept { return unlisted_; }

private:
    void add(const std::string& name, sandbox::Program program);
    void note_asked(model::ModuleReport& report, const std::vector<std::string>& names, model::Phase phase);
    void note_hole(const model::ModuleReport& report, const std::vector<std::string>& command,
                   const std::vector<std::string>& names);
    void note_fault(const border::GuardedRequest& asked, const std::vector<std::string>& names);

    const ModuleContents& module_;
    const ModuleContext& context_;
    std::function<void(std::string_view bytes)> show_;
    std::vector<std::vector<std::string>> unlisted_;
    std::map<std::string, std::string> faults_; ///< step → why it fails, whatever its exit status is
    std::vector<sandbox::Program> programs_;
    std::map<std::string, std::size_t> places_; ///< of programs, by their steps' names
    std::size_t next_ = 0;
    std::optional<border::Broker> broker_; ///< before the sandbox that it attends to
    std::optional<sandbox::Sandbox> box_;
};

} // namespace disco::module
