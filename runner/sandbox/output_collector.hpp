#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace disco::sandbox {

/// Keeps what a program printed: all of it, or its beginning and its end when it is very long.
class OutputCollector {
public:
    static constexpr std::size_t head_limit = std::size_t{64} << 10;
    static constexpr std::size_t tail_limit = std::size_t{192} << 10;

    void append(std::string_view bytes);
    /// What was kept, with a line that says how much is missing in the middle.
    [[nodiscard]] std::string text() const;

private:
    std::string head_, tail_; ///< tail_ holds up to twice its limit between trims
    std::size_t dropped_ = 0;
};

} // namespace disco::sandbox
