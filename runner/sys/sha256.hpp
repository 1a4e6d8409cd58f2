#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace disco::sys {

using Sha256Digest = std::array<unsigned char, 32>;

[[nodiscard]] std::string hex(const Sha256Digest& digest);

/// SHA-256 (FIPS 180-4) by libcrypto. One object can hash many messages, one after the other.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    void update(std::string_view bytes);
    /// The digest of what was given since construction or the last `finish`.
    [[nodiscard]] Sha256Digest finish();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

[[nodiscard]] Sha256Digest sha256(std::string_view bytes);

} // namespace disco::sys
