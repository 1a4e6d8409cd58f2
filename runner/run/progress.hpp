#pragma once

#include "runner/model/run_report.hpp"
#include "runner/model/secret_mask.hpp"
#include "runner/report/change_log.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace disco::run {

/// Who hears how a run gets on, while it does. Calls come from the main thread, in this order, those about
/// secrets at any time. By itself it does nothing with what it hears.
class Progress {
public:
    Progress() = default;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    virtual ~Progress() = default;

    /// From now on these are the secrets to be kept out of what is shown.
    virtual void knows_secrets(const model::SecretMask& /*mask*/) {}
    /// The run as a whole is at this: "fetching modules", "merging". Until the next call of any of these.
    virtual void work_begins(std::string_view /*what*/) {}
    /// The modules that come, in order.
    virtual void is_ordered(const model::RunReport& /*run*/, const std::vector<std::string>& /*modules*/) {}
    virtual void module_begins(const std::string& /*name*/) {}
    /// "scripts/10-x.sh"; of several that run together the first.
    virtual void step_begins(const std::string& /*name*/) {}
    /// It will not be done again. What concerns all modules is added to its report later.
    virtual void module_ends(const model::RunReport& /*run*/, const model::ModuleReport& /*module*/,
                             const report::ChangeLog& /*changes*/) {}
};

/// For those who need not hear anything.
[[nodiscard]] Progress& silent_progress();

} // namespace disco::run
