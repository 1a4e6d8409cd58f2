#include "runner/fetch/rsync_failure.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace disco::fetch {
namespace {

using enum FailureKind;
constexpr int any_code = -1;

/// Exit codes are those of rsync(1); a `sign` is looked for in its messages (LC_ALL is C.UTF-8).
struct Row {
    int exit;
    std::string_view sign; ///< empty: every message
    FailureKind kind;
    std::string_view reason, remedy;
};

// The first row that fits is the answer, so what is special comes before what is general.
constexpr Row table[] = {
    {any_code, "No space left on device", unreachable, "a file system is full", "make room and try again"},
    {any_code, "Disk quota exceeded", unreachable, "a disk quota is used up", "make room and try again"},
    {5, "max connections", busy, "the server has no connection to spare",
     "try again later, or raise 'max connections' in its rsyncd.conf"},
    {5, "Unknown module", absent, "the server has no rsync module of that name",
     "check the name against the server's rsyncd.conf"},
    {5, "auth failed", refused, "the server wants a password and did not get the right one",
     "set RSYNC_PASSWORD and the user in the URI"},
    {5, "access denied", refused, "the server does not serve this host",
     "check 'hosts allow' in the server's rsyncd.conf"},
    {5, "@ERROR: ch", refused, "the rsync module's directory cannot be used on the server",
     "check its 'path' in the server's rsyncd.conf"},
    {5, "@ERROR", refused, "the server refuses", "check the server's rsyncd.conf and its log"},
    {5, "", unreachable, "the server broke off before it had begun",
     "check that an rsync daemon answers there"},
    {any_code, "Host key verification failed", refused, "ssh does not know the server's key",
     "compare the key and add it to known_hosts"},
    {255, "Permission denied", refused, "ssh was not let in", "check the user name and the key"},
    {255, "Too many authentication failures", refused, "ssh was not let in",
     "check the user name and the key"},
    {255, "Could not resolve", unreachable, "the host's name is not known",
     "check the name in disco/server/uri and the name service"},
    {255, "", unreachable, "ssh could not connect or was cut off",
     "check that the server is up, then try again"},
    {127, "", refused, "the server has no rsync", "install rsync there"},
    {126, "", refused, "the server cannot run rsync", "check rsync and the user's shell there"},
    {12, "command not found", refused, "the server has no rsync", "install rsync there"},
    // rsync asks how ssh ended without waiting for it, and says 12 when ssh is a moment late with its 255.
    // The sign is narrower than above: the shell there and rsync itself say "Permission denied", too.
    {12, "Permission denied (publickey", refused, "ssh was not let in", "check the user name and the key"},
    {12, "Too many authentication failures", refused, "ssh was not let in",
     "check the user name and the key"},
    {12, "Could not resolve", unreachable, "the host's name is not known",
     "check the name in disco/server/uri and the name service"},
    {14, "Failed to exec ssh: No such file", refused, "there is no ssh on this machine",
     "install it (Debian: openssh-client)"},
    {14, "", refused, "the remote shell cannot be started", "check the words in disco/client/cmds/rsync"},
    {10, "getaddrinfo", unreachable, "the host's name is not known",
     "check the name in disco/server/uri and the name service"},
    {10, "Connection refused", unreachable, "nothing answers on that port",
     "check that the rsync daemon runs there, then try again"},
    {10, "", unreachable, "the network does not lead there", "check the network, then try again"},
    {12, "", unreachable, "the connection was cut off", "try again"},
    {30, "", unreachable, "the server sent nothing for too long", "try again"},
    {35, "", unreachable, "the server did not answer in time", "check that it is up, then try again"},
    {24, "", unreachable, "files vanished on the server while they were read", "try again"},
    {any_code, "Input/output error", unreachable, "a disk failed to read or write", "check the disks"},
    {any_code, "Stale file handle", unreachable, "a network file system changed meanwhile", "try again"},
    {23, "Permission denied", refused, "a part of it may not be read",
     "make it readable for the user that rsync runs as on the server"},
    {23, "No such file or directory", absent, "the server does not have it", "check the name and the URI"},
    {3, "No such file or directory", absent, "the server does not have it", "check the name and the URI"},
    {23, "", refused, "a part of it could not be transferred", "see the messages"},
    {1, "", refused, "rsync does not take its options",
     "see what it says: they are disco's own (rsync 3.1 or newer) after the words in "
     "disco/client/cmds/rsync"},
    {2, "", refused, "the rsync programs of client and server do not understand one another",
     "check their versions, and that the login shell there prints nothing"},
    {4, "", refused, "one of the rsync programs lacks a feature", "check their versions"},
    {11, "", unreachable, "a file could not be read or written", "see the messages"},
    {any_code, "", unreachable, "rsync failed", "try again"},
};

bool fits(const Row& row, const sys::ProgramResult& result) {
    return (row.exit == any_code || row.exit == result.exit) &&
           (row.sign.empty() || result.error.find(row.sign) != std::string::npos);
}

/// The first lines of what rsync said (the cause comes first), on one line.
std::string own_words(const sys::ProgramResult& result) {
    constexpr std::size_t most_lines = 8;
    std::string words;
    std::size_t lines = 0;
    for (std::string_view rest = result.error; !rest.empty() && lines < most_lines;) {
        const std::string_view line = sys::take_line(rest);
        if (sys::trimmed(line).empty()) continue;
        if (lines++ > 0) words += " | ";
        words += sys::printable_text(line.substr(0, 1000));
    }
    if (words.empty())
        words = result.signal != 0 ? fmt::format("killed by signal {}", result.signal)
                                   : fmt::format("nothing, exit code {}", result.exit);
    return words;
}

} // namespace

RsyncFailure explain_failure(const sys::ProgramResult& result, const ServerUri& server,
                             std::string_view wanted) {
    const Row* row = std::find_if(std::begin(table), std::end(table), [&](const Row& candidate) {
        return result.signal == 0 ? fits(candidate, result)
                                  : candidate.exit == any_code && candidate.sign.empty();
    });
    return {row->kind, fmt::format("cannot fetch {} from '{}': {}; {} (rsync: {})", wanted,
                                   sys::printable(server.text), row->reason, row->remedy, own_words(result))};
}

RsyncFailure explain_limit(const sys::ProgramResult& result, const ServerUri& server, std::string_view wanted,
                           std::chrono::seconds limit) {
    const std::string said =
        result.error.empty() ? std::string{} : fmt::format(" (rsync: {})", own_words(result));
    return {
        unreachable,
        fmt::format("cannot fetch {} from '{}': the whole fetch was not done after {} seconds, its limit; "
                    "check that the server and the network are not too slow, then try again, or allow more "
                    "seconds in disco/client/fetch_limit{}",
                    wanted, sys::printable(server.text), limit.count(), said)};
}

void throw_failure(const RsyncFailure& failure) {
    switch (failure.kind) {
    case unreachable:
    case busy: throw sys::TryAgain{failure.message};
    case absent: throw AbsentOnServer{failure.message};
    case refused: break;
    }
    throw sys::BadConfiguration{failure.message};
}

} // namespace disco::fetch
