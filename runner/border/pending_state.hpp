#pragma once

#include "runner/model/service_verb.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace disco::border {

/// What the actions that were asked for so far will have made of the machine's services, for the questions
/// that come after them: on the machine itself the script would be told of what it has done. Pure.
class PendingState {
public:
    /// An action was asked for, in these words.
    void note(const model::ServiceMeaning& action, const std::string& words);

    struct Answer {
        int exit = 0;
        std::string output;
        std::string refusal; ///< not empty: it cannot be known, and why; for people
    };
    /// Nothing: no earlier action has to do with it, and the machine is asked. `argv` are the question's
    /// words.
    [[nodiscard]] std::optional<Answer> answer(const model::ServiceMeaning& question,
                                               const std::vector<std::string>& argv) const;

private:
    enum class Will { run, not_run, unknown };
    struct Unit {
        Will will = Will::unknown;
        std::string action; ///< that is why
    };
    [[nodiscard]] const Unit* find(const std::string& unit) const;
    std::map<std::string, Unit> units_; ///< by full name
    std::optional<Unit> any_;           ///< an action that may have done anything, after all in `units_`
};

} // namespace disco::border
