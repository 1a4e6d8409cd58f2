#pragma once

#include <cstdint>

// What the shim asks of the broker and what it hears, over a stream socket in the sandbox's private /run.
// Plain memory: both are of the same machine and the same build.
namespace disco::policy::shim {

inline constexpr std::uint32_t magic = 0x64697364;
inline constexpr std::uint32_t most_word_bytes = 1U << 20;
inline constexpr std::uint32_t most_variable_bytes = 128U << 10;
inline constexpr std::uint32_t most_directory_bytes = 4096;
inline constexpr std::uint32_t most_input_bytes = 16U << 20;
inline constexpr std::uint32_t most_new_words = 4096; ///< of Reply::Kind::run

enum class Wish : std::uint32_t {
    guarded,  ///< a guarded command was called
    unlisted, ///< a command that strict scripts may not run
    defer,    ///< disco-defer COMMAND…
    fail,     ///< the script or template WORD is to fail, as WORD says: see templates/prelude.bash
};

inline constexpr std::int32_t no_verdict = -1;

/// Followed by the words and the variables of the environment, each ended by a NUL, and the current
/// directory.
struct Request {
    std::uint32_t magic = shim::magic;
    Wish wish = Wish::guarded;
    std::uint32_t words = 0;
    std::uint32_t word_bytes = 0;
    std::uint32_t variable_bytes = 0;
    std::uint32_t variables_cut = 0; ///< not 0: there are more than may be sent
    std::uint32_t directory_bytes = 0;
    std::uint32_t umask = 022;
    std::int32_t verdict = no_verdict; ///< of Reply::Kind::decide, when that was the answer before
};

/// Followed by `output` and `error` bytes.
struct Reply {
    enum class Kind : std::uint32_t {
        say,   ///< to be printed; another reply follows
        end,   ///< the same, and the shim ends with `exit`
        run,   ///< the shim becomes a command: `output` is its file and, if they are others, its words, and
               ///< `error` what is added to its environment; each is ended by a NUL
        input, ///< the shim is to send its standard input, in parts
        decide ///< the shim is to run a command, `output` as in `run`, and to ask again with its exit code
    } kind = Kind::end;
    std::int32_t exit = 0;
    std::uint32_t output = 0, error = 0;
};

/// Followed by as many bytes; 0 says that there are no more.
struct InputPart {
    std::uint32_t bytes = 0;
};
inline constexpr std::uint32_t input_is_terminal = ~0U; ///< and so is not read

} // namespace disco::policy::shim
