#include "runner/dance/settings.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace disco::dance {
namespace {

std::chrono::seconds parse_seconds(const std::string& name, const std::string& value) {
    long seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc{} || end != value.data() + value.size() || seconds <= 0 || seconds > 1'000'000)
        throw sys::BadConfiguration{
            fmt::format("parameter {} is '{}', but must be a number of seconds from 1 to 1000000", name,
                        sys::printable(value))};
    return std::chrono::seconds{seconds};
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
    return settings;
}

} // namespace disco::dance
