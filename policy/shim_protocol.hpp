#pragma once

#include <cstdint>

// What the shim asks of the broker and what it hears, over a stream socket in the sandbox's private /run.
// Plain memory: both are of the same machine and the same build.
namespace disco::policy::shim {

inline constexpr const char* socket_path = "/run/disco-broker";
inline constexpr std::uint32_t magic = 0x64697363;
inline constexpr std::uint32_t most_words_bytes = 1U << 20;

enum class Wish : std::uint32_t {
    guarded,  ///< a guarded command was called
    unlisted, ///< a command that strict scripts may not run
    defer,    ///< disco-defer COMMAND…
    fail,     ///< the script or template WORD is to fail, as WORD says: see templates/prelude.bash
};

/// Followed by `bytes` bytes: the words, each ended by a NUL.
struct Request {
    std::uint32_t magic = shim::magic;
    Wish wish = Wish::guarded;
    std::uint32_t words = 0;
    std::uint32_t bytes = 0;
};

/// Followed by what the shim is to print on standard output and on standard error.
struct Reply {
    std::int32_t exit = 0;
    std::uint32_t run = 0; ///< not 0: the shim runs the command itself, whose path comes as the output
    std::uint32_t output = 0, error = 0;
};

} // namespace disco::policy::shim
