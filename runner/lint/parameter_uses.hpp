#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace disco::lint {

/// A parameter that a script or a template asks for by its name.
struct ParameterUse {
    int line = 1;
    std::string key;
};

/// Each `disco-param get KEY` of a text for bash whose KEY is written out, without `-d`: where such a
/// parameter is missing, a run fails. Keys that the text asks for by `disco-param has` as well are left out,
/// as they may be missing. What only looks so in a comment, or in a here-document with a quoted end, is left
/// out. Read by its looks, not parsed. Pure.
[[nodiscard]] std::vector<ParameterUse> parameter_uses(std::string_view text);

} // namespace disco::lint
