#include "runner/model/requirements.hpp"

#include "runner/model/parameter_name.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace disco::model {
namespace {

constexpr std::string_view blanks = " \t\r\v\f"; // '\r': files written on other systems

std::vector<std::string_view> words_of(std::string_view line) {
    line = line.substr(0, line.find('#'));
    std::vector<std::string_view> words;
    for (std::size_t at = line.find_first_not_of(blanks); at != line.npos;) {
        const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
        words.push_back(line.substr(at, end - at));
        at = line.find_first_not_of(blanks, end);
    }
    return words;
}

} // namespace

Requirements parse_requirements(std::string_view text, std::string_view file) {
    Requirements requirements;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        ++number;
        const auto fail = [&](std::string_view why) {
            throw sys::BadConfiguration{fmt::format("{}:{}: {}", file, number, why)};
        };
        const auto words = words_of(line);
        if (words.empty()) continue;
        const bool keyword = words[0] == "after" || words[0] == "before";
        if (keyword && words.size() == 1) fail(fmt::format("'{}' lacks the name of a module", words[0]));
        if (words.size() > (keyword ? 2u : 1u))
            fail(fmt::format("cannot understand '{}'; write 'after MODULE', 'before MODULE' or 'MODULE'",
                             sys::printable(line)));
        const std::string name{words.back()};
        try {
            check_component_name(name, "module");
        } catch (const sys::BadConfiguration& error) {
            fail(error.what());
        }
        (words[0] == "before" ? requirements.before : requirements.after).push_back(name);
    }
    return requirements;
}

} // namespace disco::model
