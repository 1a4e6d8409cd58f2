#pragma once

#include "policy/shim_protocol.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace disco::border {

/// What a shim asks, as it says it: every byte of it may be anybody's.
struct ShimRequest {
    policy::shim::Wish wish = policy::shim::Wish::guarded;
    std::vector<std::string> argv;        ///< at least one word, the first not empty
    std::vector<std::string> environment; ///< as it is there
    bool environment_cut = false;         ///< there is more than could be sent
    std::string directory;                ///< empty: it has none that can be named
    mode_t umask = 022;
    std::optional<int> verdict; ///< how the command has ended that was to decide
};

enum class Progress { partial, whole, damaged };
/// Parses the bytes that came so far. Pure.
[[nodiscard]] Progress parse_request(std::string_view bytes, ShimRequest& request);

/// The parts of a standard input so far; `bytes` loses what is taken into `input`. Damaged: it is longer than
/// may be, or a terminal, or no such parts: `why` says it. Pure.
[[nodiscard]] Progress take_input(std::string& bytes, std::string& input, std::string& why);

/// Its bytes.
[[nodiscard]] std::string print_reply(policy::shim::Reply::Kind kind, int exit, std::string_view output,
                                      std::string_view error);

/// The variables that an action gets: less those of disco's own, of the dynamic linker and of shells' start,
/// and PATH. Pure.
[[nodiscard]] std::vector<std::string> action_environment(const std::vector<std::string>& environment);

} // namespace disco::border
