#include "runner/model/service_verb.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace disco::model {

std::string full_unit_name(const std::string& unit) {
    constexpr std::array<std::string_view, 11> types = {".service",   ".socket", ".device", ".mount",
                                                        ".automount", ".swap",   ".target", ".path",
                                                        ".timer",     ".slice",  ".scope"};
    const bool complete =
        std::any_of(types.begin(), types.end(), [&](std::string_view type) { return unit.ends_with(type); });
    // What has a slash is a path, of a mount or a device.
    return complete || unit.empty() || unit.find_first_of("*?[/") != std::string::npos ? unit
                                                                                       : unit + ".service";
}

ServiceMeaning with_full_names(ServiceMeaning meaning) {
    for (std::string& unit : meaning.units) unit = full_unit_name(unit);
    return meaning;
}

} // namespace disco::model
