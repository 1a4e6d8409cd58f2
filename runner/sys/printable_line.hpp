#pragma once

#include <string>
#include <string_view>

namespace disco::sys {

/// `printable_text` of what is to be one line: a newline becomes \n.
[[nodiscard]] std::string printable_line(std::string_view bytes);

/// What a terminal shows of a line when all of it is printed: what follows a carriage return covers,
/// character by character, what stands before it.
[[nodiscard]] std::string line_at_its_end(std::string_view line);

} // namespace disco::sys
