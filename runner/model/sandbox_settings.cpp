#include "runner/model/sandbox_settings.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include <fmt/format.h>

namespace disco::model {

const char* to_string(Network network) {
    switch (network) {
    case Network::isolated: return "isolated";
    case Network::egress: return "egress";
    case Network::host: return "host";
    }
    return "?"; // not reached: -Wswitch guards the list
}

std::optional<Network> parse_network(std::string_view word) {
    for (const Network network : {Network::isolated, Network::egress, Network::host})
        if (word == to_string(network)) return network;
    return std::nullopt;
}

std::optional<ScriptProfile> parse_script_profile(std::string_view word) {
    if (word == "auto") return ScriptProfile::automatic;
    if (word == "strict") return ScriptProfile::strict;
    if (word == "simulate") return ScriptProfile::simulate;
    return std::nullopt;
}

SandboxSettings parse_sandbox_settings(std::string_view text, std::string_view file) {
    SandboxSettings settings;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        line = line.substr(0, line.find('#'));
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) continue;
        line = line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
        const std::size_t blank = line.find_first_of(" \t");
        const std::string_view key = line.substr(0, blank);
        std::string_view value = blank == std::string_view::npos ? std::string_view{} : line.substr(blank);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        const auto fail = [&](std::string_view expected) {
            return sys::BadConfiguration{
                fmt::format("{}:{}: '{}': expected {}", file, number, sys::printable(line), expected)};
        };
        if (key == "network") {
            settings.network = parse_network(value);
            if (!settings.network) throw fail("`network isolated`, `network egress` or `network host`");
        } else if (key == "timeout") {
            long seconds = 0;
            const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
            if (error != std::errc{} || rest != value.data() + value.size() || seconds < 1 ||
                seconds > 1'000'000)
                throw fail("`timeout SECONDS`, from 1 to 1000000");
            settings.timeout = std::chrono::seconds{seconds};
        } else if (key == "profile") {
            settings.profile = parse_script_profile(value);
            if (!settings.profile) throw fail("`profile auto`, `profile strict` or `profile simulate`");
        } else {
            throw fail("`network …`, `timeout …` or `profile …`");
        }
    }
    return settings;
}

} // namespace disco::model
