#include "runner/run/settings.hpp"

#include "policy/walls.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_number.hpp"

#include <optional>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

namespace disco::run {
namespace {

long parse_number(const std::string& name, const std::string& value, const char* what, long largest) {
    const auto number = sys::number_in<long>(value, 1, largest);
    if (!number)
        throw sys::BadConfiguration{
            fmt::format("parameter {} is '{}', but must be a number of {} from 1 to {}", name,
                        sys::printable(value), what, largest)};
    return *number;
}

std::chrono::seconds parse_seconds(const std::string& name, const std::string& value) {
    return std::chrono::seconds{parse_number(name, value, "seconds", 1'000'000)};
}

constexpr const char* server_uri = "disco/server/uri";

/// The words of a command that this machine's administrator has set, if he has.
void read_command(std::vector<std::string>& words, const fetch::ParameterTree& tree, const char* name) {
    const auto text = fetch::parameter_value(tree, name);
    if (!text) return;
    words =
        sys::while_doing(fmt::format("reading parameter {}", name), [&] { return sys::split_words(*text); });
    if (words.empty()) throw sys::BadConfiguration{fmt::format("parameter {} is empty", name)};
}

std::optional<model::Network> network_in(const fetch::ParameterTree& tree) {
    const auto word = fetch::parameter_value(tree, "disco/client/network");
    if (!word) return std::nullopt;
    const auto network = model::parse_network(*word);
    if (!network)
        throw sys::BadConfiguration{
            fmt::format("parameter disco/client/network is '{}', but must be isolated, egress or host",
                        sys::printable(*word))};
    return network;
}

/// The server may give a node's modules less than the machine does, not more.
void read_networks(ClientSettings& settings, const fetch::ParameterTree& own,
                   const fetch::ParameterTree& node) {
    if (const auto machines = network_in(own)) {
        settings.network = settings.most_network = *machines;
        return;
    }
    const auto servers = network_in(node);
    if (!servers) return;
    if (*servers > settings.most_network && policy::wall_stands(policy::Wall::network_bound))
        throw sys::BadConfiguration{
            "parameter disco/client/network is 'host' on the server, but only this machine can give that: "
            "with --network host, or `disco param set disco/client/network host`"};
    settings.network = *servers;
}

} // namespace

std::vector<std::string> uncounted_settings(const fetch::ParameterTree& own,
                                            const fetch::ParameterTree& node) {
    std::vector<std::string> names;
    for (const auto& [name, value] : node)
        if (value && (name == server_uri || name.starts_with("disco/client/cmds/")) && !own.contains(name))
            names.push_back(name);
    return names;
}

fetch::DecryptCommands decrypt_commands(const fetch::ParameterTree& own) {
    fetch::DecryptCommands commands;
    read_command(commands.age, own, "disco/client/cmds/age");
    read_command(commands.gpg, own, "disco/client/cmds/gpg");
    return commands;
}

ClientSettings client_settings(const fetch::ParameterTree& own, const fetch::ParameterTree& node) {
    ClientSettings settings;
    const auto value = [&](const char* name) { return fetch::parameter_value(node, name); };
    const fetch::ParameterTree& machines = policy::wall_stands(policy::Wall::own_settings) ? own : node;
    if (const auto uri = fetch::parameter_value(machines, server_uri)) settings.server = *uri;
    read_command(settings.rsync, machines, "disco/client/cmds/rsync");
    settings.decrypt = decrypt_commands(machines);
    if (const auto word = value("disco/client/profile")) {
        const auto profile = model::parse_script_profile(*word);
        if (!profile)
            throw sys::BadConfiguration{
                fmt::format("parameter disco/client/profile is '{}', but must be auto, strict or simulate",
                            sys::printable(*word))};
        settings.profile = *profile;
    }
    read_networks(settings, own, node);
    if (const auto seconds = value("disco/client/timeout"))
        settings.script_timeout = parse_seconds("disco/client/timeout", *seconds);
    if (const auto seconds = value("disco/client/fetch_timeout"))
        settings.fetch_timeout = parse_seconds("disco/client/fetch_timeout", *seconds);
    if (const auto seconds = value("disco/client/fetch_limit"))
        settings.fetch_limit = parse_seconds("disco/client/fetch_limit", *seconds);
    const auto limit = [&](const char* name, const char* unit, long largest, auto& setting) {
        if (const auto number = value(name))
            setting = static_cast<std::remove_reference_t<decltype(setting)>>(
                parse_number(name, *number, unit, largest));
    };
    limit("disco/client/undo/runs", "runs", 1'000, settings.undo_runs);
    limit("disco/client/undo/mib", "MiB", 1'000'000'000, settings.undo_mib);
    limit("disco/client/reports/runs", "runs", 1'000'000, settings.report_runs);
    limit("disco/client/reports/mib", "MiB", 1'000'000'000, settings.report_mib);
    return settings;
}

ClientSettings settings_of(const fetch::ParameterStore& store) {
    return client_settings(store.local().tree, fetch::merge_layers(store.node_layers()));
}

} // namespace disco::run
