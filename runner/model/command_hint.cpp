#include "runner/model/command_hint.hpp"

#include "runner/sys/printable.hpp"

#include <fmt/format.h>

namespace disco::model {

std::string command_hint(std::string_view command, const std::filesystem::path& state) {
    if (state == default_state_directory) return std::string{command};
    return fmt::format("{} --state-dir {}", command, sys::quote_words({state.native()}));
}

} // namespace disco::model
