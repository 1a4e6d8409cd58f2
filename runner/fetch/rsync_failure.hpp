#pragma once

#include "runner/fetch/server_uri.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/program.hpp"

#include <chrono>
#include <string>
#include <string_view>

// What a failed run of rsync means. Pure.
namespace disco::fetch {

enum class FailureKind {
    unreachable, ///< no connection, broken off, too slow, no room: trying again may help
    busy,        ///< a daemon has as many connections as it allows
    absent,      ///< the server has no such rsync module, directory or file
    refused,     ///< permissions, keys, an unusable command: somebody has to change something
};

struct RsyncFailure {
    FailureKind kind = FailureKind::unreachable;
    std::string message; ///< what was wanted, the URI, why not, rsync's own words, and what to do
};

/// `result` did not succeed. `wanted` is in words: "the parameters of node 'web1'".
[[nodiscard]] RsyncFailure explain_failure(const sys::ProgramResult& result, const ServerUri& server,
                                           std::string_view wanted);

/// `result` was ended, or not begun, because the whole fetch had taken `limit`.
[[nodiscard]] RsyncFailure explain_limit(const sys::ProgramResult& result, const ServerUri& server,
                                         std::string_view wanted, std::chrono::seconds limit);

/// The server does not have what was asked for.
class AbsentOnServer : public sys::BadConfiguration {
public:
    using BadConfiguration::BadConfiguration;
};

/// TryAgain for `unreachable` and `busy`, AbsentOnServer for `absent`, BadConfiguration for the other.
[[noreturn]] void throw_failure(const RsyncFailure& failure);

} // namespace disco::fetch
