#include "runner/sys/error.hpp"

#include "runner/sys/interrupt.hpp"
#include "runner/sys/printable.hpp"

#include <cstring>

#include <fmt/format.h>

namespace disco::sys {

std::string errno_text(int code) {
    char buffer[128];
    return ::strerror_r(code, buffer, sizeof buffer); // the GNU one: returns the text
}

std::string Error::full_text() const {
    std::string text;
    for (auto line = context_.rbegin(); line != context_.rend(); ++line) text += *line + ": ";
    return text + what();
}

SysError::SysError(int code, std::string_view attempt, const std::filesystem::path& path)
    : Error{path.empty()
                ? fmt::format("cannot {}: {}", attempt, errno_text(code))
                : fmt::format("cannot {} '{}': {}", attempt, printable(path.native()), errno_text(code))},
      code_{code} {}

Interrupted::Interrupted(int signal)
    : Error{fmt::format("interrupted by {}", signal_name(signal))}, signal_{signal} {}

} // namespace disco::sys
