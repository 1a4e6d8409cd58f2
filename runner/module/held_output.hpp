#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace disco::module {

/// What a module's programs print on its way to a person, kept back while it may turn out that the module is
/// done again: then nothing of it is shown. More than `most` is passed on all the same, as it must be
/// somewhere.
class HeldOutput {
public:
    using Sink = std::function<void(std::string_view bytes)>;
    explicit HeldOutput(Sink sink) : sink_{std::move(sink)} {}

    /// From now on.
    void hold() { holds_ = true; }
    void pass(std::string_view bytes) {
        if (!holds_) return sink_(bytes);
        held_ += bytes;
        if (held_.size() > most) release();
    }
    void release() {
        holds_ = false;
        if (!held_.empty()) sink_(std::exchange(held_, {}));
    }
    void discard() { held_.clear(); }

private:
    static constexpr std::size_t most = std::size_t{16} << 20;
    Sink sink_;
    std::string held_;
    bool holds_ = false;
};

} // namespace disco::module
