#pragma once

#include "runner/fetch/fetch_settings.hpp"
#include "runner/fetch/module_store.hpp"
#include "runner/fetch/parameter_tree.hpp"
#include "runner/fetch/rsync_runner.hpp"
#include "runner/model/run_order.hpp"
#include "runner/model/run_report.hpp"
#include "runner/sys/files.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace disco::fetch {

/// The node's copy of the universe, in STATE/modules, and the way to renew it.
///
/// First the last good copy is compared with the server (no data are sent when nothing changed, and then that
/// is the only connection). What differs is fetched aside, and only when `fetch_modules` has all of it does
/// it replace the last good copy, directory by directory: a dance that breaks off before leaves the copy as
/// it was. Symbolic links that stand for a module, a node or a parameter are not followed.
///
/// Throws TryAgain when the server cannot be reached, breaks off or is too slow; BadConfiguration when it has
/// no such node, module or directory; both name the URI, what was wanted and rsync's own words.
/// Interruptible.
class Universe {
public:
    /// `scratch`: a directory on the file system of `state`, for what is on its way.
    Universe(FetchSettings settings, const std::filesystem::path& state,
             const std::filesystem::path& scratch);

    /// The node's own tree and all that its `inherits` names, transitively. Returns the layers, weakest
    /// first: inherits in order, the node's own. The `inherits` files themselves are not parameters.
    /// Throws AbsentOnServer when the server has no such node; modules can be fetched all the same.
    [[nodiscard]] std::vector<ParameterLayer> fetch_parameters(const std::string& node);

    /// `requires`, `attributes`, `sandbox` and `parameters/` of modules. Returns what each module of the
    /// closure of `wanted` requires. A module the server lacks is not in the table.
    [[nodiscard]] model::RequirementTable fetch_metadata(const std::set<std::string>& wanted);

    /// The defaults of a module of the closure (its parameters/), after `fetch_metadata`. Throws
    /// BadConfiguration when they reach below disco/, where the client's own settings are.
    [[nodiscard]] ParameterLayer defaults_of(const std::string& module) const;

    /// The whole of these modules. Then everything that was fetched becomes the last good copy.
    void fetch_modules(const std::vector<std::string>& modules);

    /// The directory of a fetched module.
    [[nodiscard]] std::filesystem::path module_directory(const std::string& module) const;

    /// What the fetches took, in order: "parameters", "metadata", "modules".
    [[nodiscard]] const std::vector<model::Step>& steps() const noexcept { return steps_; }

    /// How often rsync was started.
    [[nodiscard]] std::size_t connections() const noexcept { return rsync_.runs(); }

private:
    template <class Work> decltype(auto) timed(const std::string& name, Work&& work);
    const std::filesystem::path& staging();
    void compare_with_store();
    std::vector<RsyncJob> comparisons() const;
    void take_comparisons(const std::vector<RsyncJob>& jobs, const std::vector<RsyncAnswer>& answers);
    std::vector<ParameterLayer> stored_parameters();
    [[nodiscard]] bool in_place() const;
    std::optional<std::vector<ParameterLayer>> parameters_in_place();
    [[nodiscard]] RsyncJob parameters_job(const std::set<std::string>& names, std::string wanted) const;
    [[nodiscard]] std::string parameters_in_words() const;
    std::vector<ParameterLayer> staged_parameters();
    [[nodiscard]] RsyncJob all_metadata();
    void take_all_metadata();
    void fetch_metadata_of_each(const std::set<std::string>& modules);
    model::RequirementTable read_requirements(const std::set<std::string>& wanted);
    std::filesystem::path metadata_directory(const std::string& module) const;
    [[nodiscard]] std::vector<std::set<std::string>> shares(const std::set<std::string>& modules) const;
    void fetch_aside(const std::set<std::string>& modules);
    void commit(const std::vector<std::string>& modules, const std::set<std::string>& staged);

    FetchSettings settings_;
    ModuleStore store_;
    std::filesystem::path scratch_;
    RsyncRunner rsync_;
    std::vector<model::Step> steps_;
    sys::OwnedDirectory staging_;
    std::string node_;
    FetchRecord record_;              ///< of the last good copy; in the course of the fetch, of the new one
    bool parameters_current_ = false; ///< the store's parameters are as the server's
    bool parameters_wanted_ = false;  ///< read in place, to be copied with the modules
    bool parameters_staged_ = false;
    bool all_metadata_staged_ = false; ///< where one connection brings those of all modules
    std::set<std::string> current_;    ///< modules that are in the store as the server has them
    std::set<std::string> asked_;      ///< modules whose metadata were asked for
};

} // namespace disco::fetch
