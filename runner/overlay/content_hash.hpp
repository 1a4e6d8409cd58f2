#pragma once

#include "runner/sys/sha256.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace disco::overlay {

/// Reads files to compare them. One object reuses its buffer for many.
class ContentHash {
public:
    /// Zeros are not read where the file system has none (lseek(2), SEEK_DATA), but are hashed as other
    /// bytes, up to so many in a file, which takes a few seconds: truncate(1) makes terabytes in no time.
    static constexpr std::uint64_t most_zeros = std::uint64_t{1} << 30;

    struct Result {
        sys::Sha256Digest digest = {};
        std::uint64_t size = 0; ///< of what was read
    };
    /// The SHA-256 of a file's bytes. If more of them than `most_zeros` are in blocks of 64 KiB that hold
    /// only zeros, it is the SHA-256 of the file's size and its other blocks, with their numbers
    /// (disco-run(8) says how). That depends on the content alone, too, not on where the file has holes.
    /// `content`: gets the bytes of a file that may be shown; null: it is too large. Throws SysError;
    /// Interrupted.
    [[nodiscard]] Result of(int fd, const struct stat& status, const std::filesystem::path& name_for_messages,
                            std::string* content);

private:
    class Pass;
    sys::Sha256 hash_;
    std::string buffer_;
};

} // namespace disco::overlay
