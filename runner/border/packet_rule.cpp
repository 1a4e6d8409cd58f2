#include "runner/border/packet_rule.hpp"

#include "runner/border/packet_words.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace disco::border {
namespace {

using Verb = PacketCommand::Verb;

/// An option with its words; `not_` when a '!' stands before it.
struct Part {
    bool not_ = false;
    std::string option;
    std::vector<std::string> words;
};

/// Their value may look like an option.
bool has_free_text(std::string_view option) {
    constexpr std::array<std::string_view, 4> texts = {"--comment", "--log-prefix", "--nflog-prefix",
                                                       "--string"};
    return std::find(texts.begin(), texts.end(), option) != texts.end();
}

std::vector<Part> parts_of(const std::vector<std::string>& words) {
    std::vector<Part> parts;
    bool negated = false;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string& word = words[i];
        const bool value = !parts.empty() && parts.back().words.empty() && has_free_text(parts.back().option);
        if (word == "!" && !value) {
            negated = true;
        } else if (word.starts_with("--") && word.size() > 2 && !value) {
            const std::size_t sign = word.find('=');
            parts.push_back({std::exchange(negated, false), word.substr(0, sign), {}});
            if (sign != std::string::npos) parts.back().words.push_back(word.substr(sign + 1));
        } else if (!parts.empty() && word != "--")
            parts.back().words.push_back(word);
    }
    return parts;
}

std::optional<Verb> command_of(const Part& part) {
    static const std::map<std::string_view, Verb> commands = {{"--append", Verb::append},
                                                              {"--insert", Verb::append},
                                                              {"--check", Verb::check},
                                                              {"--delete", Verb::remove},
                                                              {"--replace", Verb::replace},
                                                              {"--flush", Verb::flush},
                                                              {"--new-chain", Verb::make_chain},
                                                              {"--delete-chain", Verb::remove_chain},
                                                              {"--policy", Verb::set_policy},
                                                              {"--rename-chain", Verb::rename_chain},
                                                              {"--zero", Verb::zero},
                                                              {"--list", Verb::list},
                                                              {"--list-rules", Verb::list_rules}};
    const auto found = commands.find(part.option);
    if (found == commands.end()) return std::nullopt;
    if (found->second == Verb::remove && part.words.size() > 1) return Verb::remove_number;
    return found->second;
}

/// Says nothing about a packet.
bool is_beside_the_rule(std::string_view option) {
    constexpr std::array<std::string_view, 10> beside = {
        "--wait",         "--wait-interval", "--verbose", "--numeric", "--exact",
        "--line-numbers", "--ipv4",          "--ipv6",    "--table",   "--set-counters"};
    return std::find(beside.begin(), beside.end(), option) != beside.end();
}

void use_short_name(std::string& option) {
    static const std::map<std::string_view, const char*> names = {{"--destination-port", "--dport"},
                                                                  {"--source-port", "--sport"},
                                                                  {"--destination-ports", "--dports"},
                                                                  {"--source-ports", "--sports"}};
    if (const auto found = names.find(option); found != names.end()) option = found->second;
}

std::string protocol_of(const std::vector<Part>& parts) {
    for (const Part& part : parts)
        if (part.option == "--protocol" && !part.words.empty()) return usual_word(part.option, part.words[0]);
    return {};
}

std::vector<std::string> rule_of(const std::vector<Part>& parts) {
    const std::string protocol = protocol_of(parts);
    std::vector<std::string> rule;
    for (Part part : parts) {
        if (is_beside_the_rule(part.option) || command_of(part)) continue;
        use_short_name(part.option);
        for (std::string& word : part.words) word = usual_word(part.option, word);
        const std::string first = part.words.empty() ? "" : part.words[0];
        // The match of the protocol is there by itself.
        if (part.option == "--match" && first == protocol) continue;
        if (part.option == "--protocol" && first == "all" && !part.not_) continue;
        if ((part.option == "--source" || part.option == "--destination") && first.ends_with("/0") &&
            !part.not_)
            continue; // any address
        std::string text = part.not_ ? "! " + part.option : part.option;
        for (const std::string& word : part.words) text.append("\n").append(word); // no word has a new line
        rule.push_back(std::move(text));
    }
    std::sort(rule.begin(), rule.end());
    return rule;
}

using Rule = std::vector<std::string>;

/// "! --dport" of "! --dport\n22".
std::string_view option_in(std::string_view part) { return part.substr(0, part.find('\n')); }

} // namespace

bool may_be_the_same(const Rule& a, const Rule& b) {
    if (a.size() != b.size()) return false;
    bool different = false;
    for (std::size_t i = 0; i < a.size();
         ++i) { // both are sorted, so each option is at the same place in both
        const std::string_view option = option_in(a[i]);
        if (option != option_in(b[i])) return false;
        const std::string_view bare = option.starts_with("! ") ? option.substr(2) : option;
        const auto words_of = [&](std::string_view part) {
            return part.size() > option.size() ? part.substr(option.size() + 1) : std::string_view{};
        };
        if (a[i] != b[i]) different = different || mean_different(bare, words_of(a[i]), words_of(b[i]));
    }
    return !different;
}

bool is_of_six(const std::string& name) { return name.starts_with("ip6tables"); }

bool is_packet_program(const std::string& name) { return name.starts_with("iptables") || is_of_six(name); }

std::optional<PacketCommand> packet_command(const std::vector<std::string>& words) {
    if (words.empty() || !is_packet_program(words[0])) return std::nullopt;
    PacketCommand command;
    command.program = words[0];
    command.six = is_of_six(words[0]);
    const bool saves = words[0].ends_with("-save");
    const std::vector<Part> parts = parts_of(words);
    bool any = saves;
    command.table = saves ? "" : "filter";
    if (saves) command.verb = Verb::save;
    for (const Part& part : parts) {
        if (part.option == "--table" && !part.words.empty()) command.table = part.words[0];
        const auto verb = command_of(part);
        if (!verb) continue;
        any = true;
        command.verb = *verb;
        if (!part.words.empty()) command.chain = part.words[0];
        if (part.words.size() > 1) command.to = part.words[1];
    }
    if (!any) return std::nullopt;
    command.rule = rule_of(parts);
    return command;
}

} // namespace disco::border
