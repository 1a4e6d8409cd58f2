#pragma once

#include "runner/model/secret_mask.hpp"
#include "runner/sys/sha256.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace disco::module {

/// Scripts that a no-op found to be more than the strict profile can run, by the hash of their text: they are
/// run as simulate from the beginning. In STATE/verdicts, lines "SHA256 SCRIPT REASON".
class Verdicts {
public:
    struct Verdict {
        std::string script; ///< "nginx/scripts/10-x.sh", where it was seen last
        std::string reason;
    };

    /// Reads what is remembered; a line that cannot be read is forgotten.
    explicit Verdicts(const std::filesystem::path& state);

    [[nodiscard]] bool simulate(const sys::Sha256Digest& script) const;
    /// Masks them in the reasons that are remembered from now on.
    void keep_out(const model::SecretMask& secrets) { mask_ = secrets; }
    void remember(const sys::Sha256Digest& script, Verdict verdict);
    [[nodiscard]] const std::map<std::string, Verdict>& all() const noexcept { return verdicts_; }

    /// Writes what has changed since. Throws SysError.
    void save();
    /// Throws SysError.
    void forget_all();

    static constexpr std::size_t limit = 10'000; ///< then they are forgotten and found anew

private:
    std::filesystem::path file_;
    std::map<std::string, Verdict> verdicts_; ///< by hash, hex
    model::SecretMask mask_;
    bool changed_ = false;
};

} // namespace disco::module
