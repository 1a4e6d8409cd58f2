#pragma once

#include "runner/border/pending_answer.hpp"
#include "runner/model/run_report.hpp"

#include <optional>
#include <string>

namespace disco::border {

/// The name that the machine will have by the actions that were asked for so far. Pure.
class PendingHostName {
public:
    void note(const model::ActionEffects& effects);

    /// Nothing: not known here, which does not say that the machine knows.
    [[nodiscard]] std::optional<PendingAnswer> answer(const PendingQuestion& question) const;

private:
    std::optional<std::string> kernels_, files_; ///< of hostname(1), and of /etc/hostname; as far as known
};

} // namespace disco::border
