#pragma once

#include "runner/border/pending_answer.hpp"
#include "runner/model/run_report.hpp"

#include <optional>
#include <set>
#include <string>

namespace disco::border {

/// The directories on which the actions that were asked for so far will have mounted something. Pure.
class PendingMounts {
public:
    void note(const model::Action& action);

    /// Nothing: not known here, which does not say that the machine knows.
    [[nodiscard]] std::optional<PendingAnswer> answer(const PendingQuestion& question) const;

private:
    std::set<std::string> directories_;
};

} // namespace disco::border
