#pragma once

#include "runner/border/pending_answer.hpp"

#include <map>
#include <optional>
#include <string>

namespace disco::border {

/// What the actions that were asked for so far will have made of the machine's services, for the questions
/// that come after them: on the machine itself the script would see what it has done. Pure.
class PendingUnits {
public:
    /// An action was asked for, in these words for people.
    void note(const model::ServiceMeaning& action, const std::string& words);

    /// No action of a unit, and none that may be of any, was asked for.
    [[nodiscard]] bool is_empty() const noexcept { return units_.empty() && !any_; }

    /// What it knows of units is all that matters for this question: whether they run.
    [[nodiscard]] static bool answers(const model::ServiceMeaning& question);
    /// Nothing: no earlier action has to do with it, and the machine is asked.
    [[nodiscard]] std::optional<PendingAnswer> answer(const PendingQuestion& question) const;

    /// The daemon-reload that was asked for, in words for people; nothing: none was.
    [[nodiscard]] const std::optional<std::string>& reload() const noexcept { return reload_; }

private:
    enum class Prospect { run, not_run, unknown };
    struct Unit {
        Prospect will = Prospect::unknown;
        std::string action; ///< that is why
    };
    [[nodiscard]] const Unit* find(const std::string& unit) const;
    void note_any(const std::string& words);
    std::map<std::string, Unit> units_; ///< by full name
    std::optional<Unit> any_;           ///< an action that may have done anything, after all in `units_`
    std::optional<std::string> reload_;
};

/// A question of `systemctl show` is about nothing but these: starting and stopping does not change them.
[[nodiscard]] bool asks_for_settings_alone(const PendingQuestion& question);
/// … about nothing but these: another text of the unit's files does not change them.
[[nodiscard]] bool asks_for_state_alone(const PendingQuestion& question);

} // namespace disco::border
