#pragma once

#include <optional>
#include <string>
#include <vector>

namespace disco::border {

/// What a command line of iptables(8) does, from its canonical words.
struct PacketCommand {
    enum class Verb {
        append, ///< or inserts
        check,
        remove,
        remove_number, ///< whichever rule that is
        replace,       ///< whichever rule was there
        flush,         ///< of all chains when it has none
        make_chain,
        remove_chain, ///< all of the user's when it has none
        rename_chain,
        set_policy,
        zero, ///< counters
        list, ///< with counters
        list_rules,
        save,
    } verb = Verb::list;
    std::string program; ///< "iptables", "ip6tables-legacy"
    bool six = false;    ///< the rules of IPv6
    std::string table;   ///< "" of save: all
    std::string chain{}; ///< "" where there is none
    std::string to{};    ///< of rename_chain: its new name
    /// The parts of a rule, sorted. Two lines that mean the same in other words may differ here; see
    /// may_be_the_same.
    std::vector<std::string> rule{};
};

/// Of the parts of two rules: whether they mean the same, as far as is known. Pure.
[[nodiscard]] bool may_be_the_same(const std::vector<std::string>& rule,
                                   const std::vector<std::string>& other);

/// Nothing: no command of iptables, or none that is about single rules or chains (iptables-restore).
/// Names of ports are looked up in services(5).
[[nodiscard]] std::optional<PacketCommand> packet_command(const std::vector<std::string>& words);

/// "iptables", "ip6tables-save" …, and whether it is that of IPv6. Pure.
[[nodiscard]] bool is_packet_program(const std::string& name);
[[nodiscard]] bool is_of_six(const std::string& name);

} // namespace disco::border
