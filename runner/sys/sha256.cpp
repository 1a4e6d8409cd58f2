#include "runner/sys/sha256.hpp"

#include "runner/sys/error.hpp"

#include <openssl/evp.h>

namespace disco::sys {

struct Sha256::Context {
    std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm{EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                              EVP_MD_free};
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state{EVP_MD_CTX_new(), EVP_MD_CTX_free};

    void start() const {
        if (!algorithm || !state || EVP_DigestInit_ex2(state.get(), algorithm.get(), nullptr) != 1)
            throw Error{"libcrypto offers no SHA-256 (look at its configuration, /etc/ssl/openssl.cnf)"};
    }
};

Sha256::Sha256() : context_{std::make_unique<Context>()} { context_->start(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
    if (EVP_DigestUpdate(context_->state.get(), bytes.data(), bytes.size()) != 1)
        throw Error{"libcrypto could not go on with a SHA-256"};
}

Sha256Digest Sha256::finish() {
    Sha256Digest digest = {};
    unsigned length = 0;
    if (EVP_DigestFinal_ex(context_->state.get(), digest.data(), &length) != 1 || length != digest.size())
        throw Error{"libcrypto could not finish a SHA-256"};
    context_->start();
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
