#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::sys {

/// Of `words` the one that somebody who wrote `typed` may have meant: with few letters more, fewer, others or
/// swapped (the optimal string alignment distance), or, if it is the only one, that `typed` is the beginning
/// of. Nothing when none is near. Pure.
[[nodiscard]] std::optional<std::string> similar_word(std::string_view typed,
                                                      const std::vector<std::string>& words);

} // namespace disco::sys
