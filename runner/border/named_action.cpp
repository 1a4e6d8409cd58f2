#include "runner/border/named_action.hpp"

#include "runner/model/service_verb.hpp"

namespace disco::border {

policy::GuardDecision decision_to_defer(const policy::GuardedCommands& commands,
                                        const std::vector<std::string>& words) {
    policy::GuardDecision decision;
    const std::string name = words[0].substr(words[0].rfind('/') + 1);
    if (commands.contains(name)) decision = commands.decide(words);
    if (!decision.known) decision.meaning = {model::ServiceVerb::anything, {}};
    decision.kind = policy::GuardKind::action;
    decision.known = true;
    decision.reads_input = false;
    decision.action = words;
    decision.decides.clear(); // it decides when it runs
    decision.about.clear();   // what it asks is asked then
    return decision;
}

GuardedRequest named_action(const policy::GuardedCommands& commands, const std::vector<std::string>& words) {
    const policy::GuardDecision decision = decision_to_defer(commands, words);
    GuardedRequest asked{GuardedRequest::Kind::action, decision.action};
    asked.meaning = model::with_full_names(decision.meaning);
    asked.effects = {.changes = decision.changes, .settings = {}, .canonical = decision.canonical};
    return asked;
}

} // namespace disco::border
