#pragma once

#include "runner/border/packet_rule.hpp"
#include "runner/border/pending_answer.hpp"

#include <optional>
#include <string>
#include <vector>

// Actions of iptables that fail or succeed by the rules that are there. Natively a script sees a failure at
// once, and goes on (`iptables -N MINE || true`, `while iptables -D RULE; do :; done`). After the merge only
// the administrator would see it. Pure.
namespace disco::border {

/// Whether it is the rule or the chain that an action needs to be there, or not to be there.
enum class Presence {
    there,
    gone,
    unknown,
    as_on_machine, ///< no earlier action of the run has changed it
};

/// It takes a rule or a chain away, or makes one.
[[nodiscard]] bool may_fail(const PacketCommand& action);

/// The question whose answer says whether the rule or the chain is there. `canonical`: the action's words.
[[nodiscard]] std::vector<std::string> question_before(const PacketCommand& action,
                                                       const std::vector<std::string>& canonical);

/// By the machine's answer.
[[nodiscard]] Presence presence_by(const PacketCommand& action, int exit, const std::string& output);

/// What iptables says when it fails for that reason; nothing: it does not.
[[nodiscard]] std::optional<PendingAnswer> failure_of(const PacketCommand& action, Presence presence);

} // namespace disco::border
