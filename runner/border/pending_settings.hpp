#pragma once

#include "runner/border/pending_answer.hpp"
#include "runner/model/run_report.hpp"

#include <optional>
#include <string>
#include <vector>

namespace disco::border {

/// What the actions that were asked for so far will have made of the kernel's settings. Pure.
class PendingSettings {
public:
    /// Notes an action, if it changes settings of the kernel or the name of the host. `words`: the action,
    /// for people.
    void note(const model::ActionEffects& effects, const std::string& words);

    /// It is a question of sysctl: what is known here is all that matters of settings.
    [[nodiscard]] static bool answers(const PendingQuestion& question);
    /// Nothing: no earlier action has to do with it, and the machine is asked.
    [[nodiscard]] std::optional<PendingAnswer> answer(const PendingQuestion& question) const;

private:
    struct Assignment {
        std::string path;                 ///< of the key, below /proc/sys; "": it may be any
        std::optional<std::string> value; ///< as sysctl shows it; nothing: not known
        std::string action;
    };
    [[nodiscard]] const Assignment* last(const std::string& path) const;
    std::vector<Assignment> assignments_; ///< in order
};

/// Writing the one setting may change the other, or what it shows. Both are paths below /proc/sys. Pure.
[[nodiscard]] bool is_coupled(const std::string& written, const std::string& other);

} // namespace disco::border
