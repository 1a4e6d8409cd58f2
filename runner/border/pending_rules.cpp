#include "runner/border/pending_rules.hpp"

#include <algorithm>

namespace disco::border {
namespace {

using Verb = PacketCommand::Verb;

/// How often a rule is in its chain, as far as that can be known.
class RuleCount {
public:
    explicit RuleCount(const PacketCommand& question) : question_{question} {}

    void lose_sight(const std::string& cause) {
        base_ = Base::unknown;
        added_ = removed_ = 0;
        cause_ = cause;
    }

    void see(const PacketCommand& command, const std::string& action) {
        if (command.program != question_.program)
            return lose_sight(action); // another kind of tables, or the same
        if (command.table != question_.table) return;
        const bool here = command.chain == question_.chain;
        const bool same = here && command.rule == question_.rule;
        const bool unsure = here && !same && may_be_the_same(command.rule, question_.rule);
        switch (command.verb) {
        case Verb::append:
            if (unsure) return lose_sight(action);
            if (same) ++added_;
            return;
        case Verb::remove:
            if (unsure) return lose_sight(action);
            if (!same) return;
            if (added_ > 0)
                --added_;
            else
                ++removed_;
            return;
        case Verb::remove_number:
            if (here && presence() != Presence::gone) lose_sight(action);
            return;
        case Verb::replace:
            if (!here) return;
            lose_sight(action);
            if (same) added_ = 1;
            return;
        case Verb::flush:
            if (here || command.chain.empty()) empty();
            return;
        case Verb::rename_chain:
            if (command.to == question_.chain)
                lose_sight(action);
            else if (here)
                empty();
            return;
        case Verb::make_chain:   // where there is one already it stays as it is
        case Verb::remove_chain: // one with rules stays
        case Verb::set_policy:
        case Verb::zero:
        case Verb::check:
        case Verb::list:
        case Verb::list_rules:
        case Verb::save: return;
        }
    }

    /// A rule that the machine has is taken to be there once.
    [[nodiscard]] Presence presence() const {
        if (added_ > 0) return Presence::there;
        if (base_ == Base::unknown) return Presence::unknown;
        return base_ == Base::empty || removed_ > 0 ? Presence::gone : Presence::as_on_machine;
    }
    /// The action since which the count is unknown.
    [[nodiscard]] const std::string& cause() const { return cause_; }

private:
    void empty() {
        base_ = Base::empty;
        added_ = removed_ = 0;
    }

    const PacketCommand& question_;
    enum class Base { machine, empty, unknown } base_ = Base::machine; ///< what the chain held
    std::size_t added_ = 0, removed_ = 0;                              ///< on top of that, and of that
    std::string cause_;
};

/// An answer that lists rules may become another one by this.
bool shows(const PacketCommand& question, const PacketCommand& change) {
    if (change.program != question.program && question.verb != Verb::save) return true;
    if (!question.table.empty() && change.table != question.table) return false;
    if (question.verb != Verb::list_rules) return true;
    const bool of_chain = question.chain.empty() || change.chain.empty() || change.chain == question.chain ||
                          (change.verb == Verb::rename_chain && change.to == question.chain);
    return of_chain && change.verb != Verb::zero;
}

} // namespace

void PendingRules::note(const model::ActionEffects& effects, const std::string& words) {
    if (!model::any_named(effects.changes, {"packet-filter"})) return;
    Event event{packet_command(effects.canonical), std::nullopt, words};
    if (!effects.canonical.empty() && is_packet_program(effects.canonical[0]))
        event.six = is_of_six(effects.canonical[0]);
    events_.push_back(std::move(event));
}

bool PendingRules::answers(const PendingQuestion& question) {
    return packet_command(question.words).has_value();
}

std::optional<PendingAnswer> PendingRules::answer(const PendingQuestion& question) const {
    const auto asked = packet_command(question.words);
    if (!asked) return std::nullopt;
    if (asked->verb == Verb::check) return answer_check(*asked);
    const auto last = std::find_if(events_.rbegin(), events_.rend(), [&](const Event& event) {
        return event.six.value_or(asked->six) == asked->six &&
               (!event.command || shows(*asked, *event.command));
    });
    if (last == events_.rend()) return std::nullopt;
    return cannot_be_known(last->action, ", or ask for one rule (--check)");
}

PendingRules::CountResult PendingRules::count(const PacketCommand& rule) const {
    RuleCount count{rule};
    for (const Event& event : events_) {
        if (event.six.value_or(rule.six) != rule.six) continue;
        if (event.command)
            count.see(*event.command, event.action);
        else
            count.lose_sight(event.action);
    }
    return {count.presence(), count.cause()};
}

std::optional<PendingAnswer> PendingRules::answer_check(const PacketCommand& asked) const {
    const CountResult counted = count(asked);
    switch (counted.presence) {
    case Presence::there: return PendingAnswer{};
    case Presence::unknown: return cannot_be_known(counted.cause);
    case Presence::as_on_machine: return std::nullopt;
    case Presence::gone: break;
    }
    PacketCommand removal = asked;
    removal.verb = Verb::remove;
    return failure_of(removal, Presence::gone); // it says the same
}

Presence PendingRules::presence_of(const PacketCommand& command) const {
    const bool of_rule = command.verb == Verb::remove || command.verb == Verb::check;
    return of_rule ? count(command).presence : presence_of_chain(command);
}

Presence PendingRules::presence_of_chain(const PacketCommand& asked) const {
    Presence presence = Presence::as_on_machine;
    bool may_hold_rules = false; // one that does is not removed
    for (const Event& event : events_) {
        if (event.six.value_or(asked.six) != asked.six) continue;
        if (!event.command || event.command->program != asked.program) {
            presence = Presence::unknown;
            continue;
        }
        const PacketCommand& command = *event.command;
        if (command.table != asked.table) continue;
        const bool here = command.chain == asked.chain;
        if (command.verb == Verb::rename_chain && (here || command.to == asked.chain))
            presence = here ? Presence::gone : Presence::there;
        else if (here && command.verb == Verb::make_chain)
            presence = Presence::there;
        else if (command.verb == Verb::remove_chain && here)
            presence = may_hold_rules ? Presence::unknown : Presence::gone;
        else if (command.verb == Verb::remove_chain && command.chain.empty())
            presence = Presence::unknown; // those of the user go, if they have no rules
        if (here && command.verb == Verb::append) may_hold_rules = true;
        if (command.verb == Verb::flush && (here || command.chain.empty())) may_hold_rules = false;
    }
    return presence;
}

} // namespace disco::border
