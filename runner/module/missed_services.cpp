#include "runner/module/missed_services.hpp"

#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace disco::module {
namespace {

constexpr std::size_t most = 16; ///< of what one output names

/// In the words of libc, of libpq, of MySQL and of many others.
bool says_so(std::string_view line) {
    const std::string lower = sys::lower_case(line);
    return lower.find("connect") != std::string::npos;
}

bool is_loopback(std::string_view word) {
    for (const std::string_view name : {"127.0.0.1", "localhost", "[::1]", "::1"})
        if (word == name ||
            (word.starts_with(name) && word.substr(name.size()).starts_with(':') && name != "::1"))
            return true;
    return false;
}

/// Paths may stand in quotes, in brackets, before a colon, or behind "unix://".
std::string_view bare(std::string_view word) {
    constexpr std::string_view around = "'\"`()<>,;";
    if (const std::size_t scheme = word.find("unix:"); scheme != std::string_view::npos) {
        word.remove_prefix(scheme + 5);
        while (word.starts_with("//")) word.remove_prefix(1);
    }
    const std::size_t begin = std::min(word.find_first_not_of(around), word.size());
    word.remove_prefix(begin);
    word = word.substr(0, std::min(word.find_first_of(around), word.size()));
    while (word.ends_with(':') || word.ends_with('.')) word.remove_suffix(1);
    return word;
}

/// As services are told their sockets' paths: /var/run is a link to /run on every Debian.
std::string usual(std::string_view path) {
    constexpr std::string_view old = "/var/run/";
    return std::string{path.starts_with(old) ? path.substr(std::string_view{"/var"}.size()) : path};
}

/// Whether a socket of the machine has been bound there; see proc_net_unix(5). The path is a script's word:
/// it is compared and never looked up, as a look-up may mount something (autofs) or wait for a server.
bool is_socket(const std::filesystem::path& root, std::string_view path) {
    const std::string top = root == "/" ? "" : root.string();
    const std::string sockets = sys::read_file("/proc/net/unix"); // "… INODE PATH"
    for (const std::string_view line : sys::lines_of(sockets)) {
        const std::size_t at = line.find(" /");
        if (at == std::string_view::npos) continue;
        const std::string_view bound = line.substr(at + 1);
        if (bound.starts_with(top) && usual(bound.substr(top.size())) == usual(path)) return true;
    }
    return false;
}

} // namespace

std::vector<std::string> connections_missed(std::string_view output) {
    std::vector<std::string> found;
    const auto add = [&](std::string_view word) {
        if (found.size() < most && std::find(found.begin(), found.end(), word) == found.end())
            found.emplace_back(word);
    };
    for (std::string_view line : sys::lines_of(output)) {
        if (!says_so(line)) continue;
        if (line.find("connect to bus") != std::string_view::npos) add("/run/dbus/system_bus_socket");
        while (!line.empty()) {
            const std::string_view word = bare(line.substr(0, line.find_first_of(" \t=")));
            line.remove_prefix(std::min(std::min(line.find_first_of(" \t="), line.size()) + 1, line.size()));
            if ((word.starts_with('/') && word.size() > 1) || is_loopback(word)) add(word);
        }
    }
    return found;
}

std::optional<model::Notice> missed_service(std::string_view output, const std::filesystem::path& root,
                                            bool hosts_network, const std::string& step) {
    for (const std::string& place : connections_missed(output)) {
        const bool address = !place.starts_with('/');
        if (address ? hosts_network : !is_socket(root, place)) continue;
        return model::Notice{
            model::NoticeKind::network,
            fmt::format(
                "could not reach the machine's service at '{}': scripts work on a copy of the files, and no "
                "service is behind it; what needs one is run after the merge by `disco-defer COMMAND`",
                sys::printable(place)),
            {},
            step};
    }
    return std::nullopt;
}

} // namespace disco::module
