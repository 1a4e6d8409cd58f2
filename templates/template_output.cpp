#include "templates/template_output.hpp"

#include <fmt/format.h>

namespace disco::templates {

std::optional<std::string> objection(std::string_view output) {
    if (output.empty()) return "printed nothing (an empty file that is meant belongs in files/)";
    if (const std::size_t at = output.find('\0'); at != std::string_view::npos)
        return fmt::format("printed a NUL byte at offset {}: templates make text", at);
    return std::nullopt;
}

} // namespace disco::templates
