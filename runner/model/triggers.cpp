#include "runner/model/triggers.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/setting_lines.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::model {
namespace {

Trigger parse_trigger(const sys::SettingLine& line) {
    const std::vector<std::string> words = sys::split_words(line.text);
    const auto arrow = std::find(words.begin(), words.end(), "->");
    const auto fail = [&](std::string_view what) {
        return sys::BadConfiguration{
            fmt::format("'{}' {}; write 'GLOB… -> COMMAND', such as 'etc/nginx/** -> "
                        "systemctl reload nginx'",
                        sys::printable(line.text), what)};
    };
    if (arrow == words.end()) throw fail("has no '->' between paths and a command");
    if (arrow == words.begin()) throw fail("names no path before the '->'");
    if (arrow + 1 == words.end() || (arrow + 1)->empty()) throw fail("has no command behind the '->'");
    Trigger trigger{{words.begin(), arrow}, {arrow + 1, words.end()}, line.number};
    for (const std::string& glob : trigger.globs)
        if (glob.find_first_not_of('/') == std::string::npos ||
            ("/" + glob + "/").find("/../") != std::string::npos)
            throw fail("has a path that is not one of the tree");
    return trigger;
}

} // namespace

std::vector<Trigger> parse_triggers(std::string_view text, std::string_view file) {
    std::vector<Trigger> triggers;
    sys::read_setting_lines(text, file,
                            [&](const sys::SettingLine& line) { triggers.push_back(parse_trigger(line)); });
    return triggers;
}

} // namespace disco::model
