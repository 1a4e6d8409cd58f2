#pragma once

#include "runner/sys/files.hpp"
#include "runner/sys/unique_fd.hpp"

#include <filesystem>
#include <string>

namespace disco::tests {

/// A socket in the place of the journal's, in a directory of its own below /tmp.
class JournalPlace {
public:
    JournalPlace();
    [[nodiscard]] std::filesystem::path socket() const { return directory_.path() / "socket"; }
    /// The next entry that was sent, as it is; empty when there is none.
    [[nodiscard]] std::string entry() const;
    /// All that were sent since, one after the other with an empty line between them.
    [[nodiscard]] std::string entries() const;
    /// Whether the last one came as a file that nobody can change any more.
    [[nodiscard]] bool last_was_sealed() const noexcept { return sealed_; }

private:
    sys::OwnedDirectory directory_;
    sys::UniqueFd fd_;
    mutable bool sealed_ = false;
};

} // namespace disco::tests
