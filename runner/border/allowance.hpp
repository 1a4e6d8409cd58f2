#pragma once

#include <cstddef>

namespace disco::border {

/// What a run may keep of what its scripts ask for, over all its modules. A script can ask without end.
class Allowance {
public:
    static constexpr std::size_t most_requests = 10'000;
    static constexpr std::size_t most_bytes = std::size_t{64} << 20;

    /// False when it is used up: nothing is taken then.
    [[nodiscard]] bool take(std::size_t bytes) noexcept {
        if (requests_ == most_requests || bytes > most_bytes - bytes_) return false;
        ++requests_;
        bytes_ += bytes;
        return true;
    }

private:
    std::size_t requests_ = 0, bytes_ = 0;
};

} // namespace disco::border
