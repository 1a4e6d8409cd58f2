#include "runner/border/packet_action.hpp"

#include "runner/sys/text_lines.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::border {
namespace {

using Verb = PacketCommand::Verb;

constexpr int fails = 1;

} // namespace

bool may_fail(const PacketCommand& action) {
    switch (action.verb) {
    case Verb::remove: return !action.rule.empty() || !action.chain.empty();
    case Verb::make_chain:
    case Verb::flush:
    case Verb::remove_chain: return !action.chain.empty();
    case Verb::append: // of a chain that is not there it is an error of the script
    case Verb::remove_number:
    case Verb::replace:
    case Verb::rename_chain:
    case Verb::set_policy:
    case Verb::zero:
    case Verb::check:
    case Verb::list:
    case Verb::list_rules:
    case Verb::save: return false;
    }
    return false;
}

std::vector<std::string> question_before(const PacketCommand& action,
                                         const std::vector<std::string>& canonical) {
    if (action.verb != Verb::remove) return {action.program, "--table", action.table, "--list-rules"};
    std::vector<std::string> words = canonical;
    std::replace(words.begin(), words.end(), std::string{"--delete"}, std::string{"--check"});
    return words;
}

Presence presence_by(const PacketCommand& action, int exit, const std::string& output) {
    if (action.verb == Verb::remove)
        return exit == 0 ? Presence::there : exit == 1 ? Presence::gone : Presence::unknown;
    if (exit != 0) return Presence::unknown;
    for (std::string_view line : sys::lines_of(output)) {
        const std::string_view option = sys::take_word(line), chain = sys::take_word(line);
        if ((option == "-N" || option == "-P") && chain == action.chain) return Presence::there;
    }
    return Presence::gone;
}

std::optional<PendingAnswer> failure_of(const PacketCommand& action, Presence presence) {
    const auto says = [&](const char* why) {
        return PendingAnswer{fails, "", fmt::format("{}: {}\n", action.program, why)};
    };
    if (!may_fail(action)) return std::nullopt;
    if (action.verb == Verb::make_chain && presence == Presence::there) return says("Chain already exists.");
    if (action.verb == Verb::make_chain || presence != Presence::gone) return std::nullopt;
    return action.verb == Verb::remove ? says("Bad rule (does a matching rule exist in that chain?).")
                                       : says("No chain/target/match by that name.");
}

} // namespace disco::border
