#include "runner/sys/sha256.hpp"

namespace disco::sys {

void Sha256::update(std::string_view bytes) {
    ::nettle_sha256_update(&context_, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

Sha256Digest Sha256::finish() {
    Sha256Digest digest = {};
    ::nettle_sha256_digest(&context_, digest.size(), digest.data()); // and starts anew
    return digest;
}

std::string hex(const Sha256Digest& digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : digest) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

Sha256Digest sha256(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

} // namespace disco::sys
