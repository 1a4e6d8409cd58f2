#pragma once

#include <array>
#include <string>
#include <string_view>

#include <nettle/sha2.h>

namespace disco::sys {

using Sha256Digest = std::array<unsigned char, 32>;

[[nodiscard]] std::string hex(const Sha256Digest& digest);

/// SHA-256 (FIPS 180-4) by nettle. One object can hash many messages, one after the other.
class Sha256 {
public:
    Sha256() { ::nettle_sha256_init(&context_); }
    void update(std::string_view bytes);
    /// The digest of what was given since construction or the last `finish`.
    [[nodiscard]] Sha256Digest finish();

private:
    sha256_ctx context_ = {};
};

[[nodiscard]] Sha256Digest sha256(std::string_view bytes);

} // namespace disco::sys
