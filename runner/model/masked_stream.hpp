#pragma once

#include "runner/model/secret_mask.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace disco::model {

/// Masks secrets in what comes piece by piece: keeps back no more than the end of a piece in which a secret
/// may begin.
class MaskedStream {
public:
    explicit MaskedStream(SecretMask mask = {}) : mask_{std::move(mask)} {}

    /// What can be shown now.
    [[nodiscard]] std::string pass(std::string_view bytes) {
        if (mask_.empty()) return std::string{bytes};
        kept_ += bytes;
        const std::size_t settled = mask_.settled(kept_);
        std::string shown = mask_.masked(std::string_view{kept_}.substr(0, settled));
        kept_.erase(0, settled);
        return shown;
    }
    /// The rest, when no more comes.
    [[nodiscard]] std::string end() { return mask_.masked(std::exchange(kept_, {})); }

private:
    SecretMask mask_;
    std::string kept_;
};

} // namespace disco::model
