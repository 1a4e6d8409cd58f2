#pragma once

#include "runner/border/pending_answer.hpp"
#include "runner/border/pending_host_name.hpp"
#include "runner/border/pending_mounts.hpp"
#include "runner/border/pending_rules.hpp"
#include "runner/border/pending_settings.hpp"
#include "runner/border/pending_units.hpp"
#include "runner/model/run_report.hpp"

#include <optional>
#include <string>
#include <vector>

namespace disco::border {

/// What the actions that were asked for so far will have made of the machine, for the questions that come
/// after them: what they change is not answered by the machine as it still is. Pure.
class PendingState {
public:
    /// An action was asked for. `words`: for people.
    void note(const model::Action& action, std::string words);

    /// Nothing: no earlier action has to do with it, and the machine is asked.
    [[nodiscard]] std::optional<PendingAnswer> answer(const PendingQuestion& question) const;

    [[nodiscard]] const PendingUnits& units() const noexcept { return units_; }
    [[nodiscard]] const PendingRules& rules() const noexcept { return rules_; }

private:
    struct Change {
        std::vector<model::Subject> subjects;
        bool means_units = false; ///< what it makes of them `units_` knows
        std::string action;
    };
    [[nodiscard]] const Change* last_change(const PendingQuestion& question) const;

    std::vector<Change> changes_;
    PendingUnits units_;
    PendingSettings settings_;
    PendingRules rules_;
    PendingHostName host_name_;
    PendingMounts mounts_;
};

} // namespace disco::border
