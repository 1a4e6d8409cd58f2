#include "runner/dance/settings.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <charconv>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

namespace disco::dance {
namespace {

long parse_number(const std::string& name, const std::string& value, const char* what, long largest) {
    long number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number <= 0 || number > largest)
        throw sys::BadConfiguration{
            fmt::format("parameter {} is '{}', but must be a number of {} from 1 to {}", name,
                        sys::printable(value), what, largest)};
    return number;
}

std::chrono::seconds parse_seconds(const std::string& name, const std::string& value) {
    return std::chrono::seconds{parse_number(name, value, "seconds", 1'000'000)};
}

} // namespace

ClientSettings client_settings(const fetch::ParameterTree& parameters) {
    ClientSettings settings;
    const auto value = [&](const char* name) { return fetch::parameter_value(parameters, name); };
    if (const auto uri = value("disco/server/uri")) settings.server = *uri;
    if (const auto words = value("disco/client/cmds/rsync")) {
        settings.rsync = sys::while_doing("reading parameter disco/client/cmds/rsync",
                                          [&] { return sys::split_words(*words); });
        if (settings.rsync.empty()) throw sys::BadConfiguration{"parameter disco/client/cmds/rsync is empty"};
    }
    if (const auto word = value("disco/client/profile")) {
        const auto profile = model::parse_script_profile(*word);
        if (!profile)
            throw sys::BadConfiguration{
                fmt::format("parameter disco/client/profile is '{}', but must be auto, strict or simulate",
                            sys::printable(*word))};
        settings.profile = *profile;
    }
    if (const auto word = value("disco/client/network")) {
        const auto network = model::parse_network(*word);
        if (!network)
            throw sys::BadConfiguration{
                fmt::format("parameter disco/client/network is '{}', but must be isolated, egress or host",
                            sys::printable(*word))};
        settings.network = *network;
    }
    if (const auto seconds = value("disco/client/timeout"))
        settings.script_timeout = parse_seconds("disco/client/timeout", *seconds);
    if (const auto seconds = value("disco/client/fetch_timeout"))
        settings.fetch_timeout = parse_seconds("disco/client/fetch_timeout", *seconds);
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

} // namespace disco::dance
