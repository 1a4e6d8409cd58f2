#include "runner/model/sandbox_settings.hpp"

#include "runner/model/words.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/setting_lines.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

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

std::optional<Network> parse_network(std::string_view word) { return value_of<Network>(word); }

std::optional<ScriptProfile> parse_script_profile(std::string_view word) {
    if (word == "auto") return ScriptProfile::automatic;
    if (word == "strict") return ScriptProfile::strict;
    if (word == "simulate") return ScriptProfile::simulate;
    return std::nullopt;
}

SandboxSettings parse_sandbox_settings(std::string_view text, std::string_view file) {
    SandboxSettings settings;
    sys::read_setting_lines(text, file, [&](const sys::SettingLine& line) {
        std::string_view value = line.text;
        const std::string_view key = sys::take_word(value);
        const auto fail = [&](std::string_view expected) {
            return sys::BadConfiguration{
                fmt::format("'{}': expected {}", sys::printable(line.text), expected)};
        };
        if (key == "network") {
            settings.network = parse_network(value);
            if (!settings.network) throw fail("`network isolated`, `network egress` or `network host`");
        } else if (key == "timeout") {
            const auto seconds = sys::number_in<long>(value, 1, 1'000'000);
            if (!seconds) throw fail("`timeout SECONDS`, from 1 to 1000000");
            settings.timeout = std::chrono::seconds{*seconds};
        } else if (key == "profile") {
            settings.profile = parse_script_profile(value);
            if (!settings.profile) throw fail("`profile auto`, `profile strict` or `profile simulate`");
        } else {
            throw fail("`network …`, `timeout …` or `profile …`");
        }
    });
    return settings;
}

} // namespace disco::model
