#include "runner/model/overlay_xattrs.hpp"

namespace disco::model {

std::optional<std::string> visible_attribute(std::string_view in_upperdir) {
    constexpr std::string_view escaped = "trusted.overlay.overlay.";
    if (in_upperdir.starts_with(escaped))
        return std::string{overlay_prefix} + std::string{in_upperdir.substr(escaped.size())};
    if (in_upperdir.starts_with(overlay_prefix)) return std::nullopt;
    return std::string{in_upperdir};
}

} // namespace disco::model
