#include "runner/model/requirements.hpp"

#include "runner/model/parameter_name.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/setting_lines.hpp"
#include "runner/sys/text_lines.hpp"

#include <fmt/format.h>

namespace disco::model {

Requirements parse_requirements(std::string_view text, std::string_view file) {
    Requirements requirements;
    sys::read_setting_lines(text, file, [&](const sys::SettingLine& line) {
        const auto words = sys::words_of(line.text);
        const bool keyword = words[0] == "after" || words[0] == "before";
        if (keyword && words.size() == 1)
            throw sys::BadConfiguration{fmt::format("'{}' lacks the name of a module", words[0])};
        if (words.size() > (keyword ? 2u : 1u))
            throw sys::BadConfiguration{
                fmt::format("cannot understand '{}'; write 'after MODULE', 'before MODULE' or 'MODULE'",
                            sys::printable(line.text))};
        const std::string name{words.back()};
        check_component_name(name, "module");
        (words[0] == "before" ? requirements.before : requirements.after).push_back(name);
    });
    return requirements;
}

} // namespace disco::model
