#pragma once

#include "runner/border/packet_action.hpp"
#include "runner/border/packet_rule.hpp"
#include "runner/border/pending_answer.hpp"
#include "runner/model/run_report.hpp"

#include <optional>
#include <string>
#include <vector>

namespace disco::border {

/// What the actions that were asked for so far will have made of the rules of iptables and ip6tables. Pure.
class PendingRules {
public:
    /// Notes an action, if it changes the packet filter. `words`: the action, for people.
    void note(const model::ActionEffects& effects, const std::string& words);

    /// It is a question of iptables: what is known here is all that matters of the packet filter.
    [[nodiscard]] static bool answers(const PendingQuestion& question);
    /// Nothing: no earlier action has to do with it, and the machine is asked.
    [[nodiscard]] std::optional<PendingAnswer> answer(const PendingQuestion& question) const;

    /// Whether the rule is there that `command` checks or removes; for other commands, whether their chain
    /// is.
    [[nodiscard]] Presence presence_of(const PacketCommand& command) const;

private:
    struct Event {
        std::optional<PacketCommand> command; ///< nothing: it may have changed anything
        std::optional<bool> six;              ///< the rules of IPv6 alone, or of IPv4 alone
        std::string action;
    };
    [[nodiscard]] std::optional<PendingAnswer> answer_check(const PacketCommand& question) const;
    struct CountResult {
        Presence presence = Presence::as_on_machine;
        std::string cause; ///< of what is unknown: the action, for people
    };
    [[nodiscard]] CountResult count(const PacketCommand& rule) const;
    [[nodiscard]] Presence presence_of_chain(const PacketCommand& command) const;
    std::vector<Event> events_; ///< in order
};

} // namespace disco::border
