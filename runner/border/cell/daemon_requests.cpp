#include "runner/border/cell/daemon_requests.hpp"

#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <vector>

namespace disco::border::cell {
namespace {

constexpr std::string_view end_of_line = "\r\n";

std::string lower(std::string_view text) {
    std::string result{text};
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

using Parts = std::vector<std::string_view>;

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// "v1.48", which paths may begin with.
bool is_version(std::string_view part) {
    return part.size() > 1 && part[0] == 'v' &&
           part.find_first_not_of("0123456789.", 1) == std::string_view::npos;
}

/// Whether a request for this path only shows something (docs.docker.com, "Docker Engine API" 1.41).
bool only_shows(Parts parts) {
    if (!parts.empty() && is_version(parts[0])) parts.erase(parts.begin());
    if (parts.empty()) return false;
    const std::string_view kind = parts[0], last = parts.back();
    switch (parts.size()) {
    case 1:
        return one_of(kind, {"_ping", "info", "version", "networks", "volumes", "nodes", "services", "tasks",
                             "configs", "secrets", "swarm", "plugins"});
    case 2:
        return (one_of(kind, {"containers", "images"}) && last == "json") ||
               (kind == "system" && last == "df") ||
               one_of(kind, {"networks", "volumes", "nodes", "services", "tasks", "configs", "secrets"});
    default: // the names of images have slashes
        return (kind == "containers" && parts.size() == 3 &&
                one_of(last, {"json", "logs", "stats", "top", "changes"})) ||
               (kind == "images" && one_of(last, {"json", "history"})) ||
               (kind == "plugins" && last == "json") ||
               (kind == "exec" && parts.size() == 3 && last == "json") ||
               (one_of(kind, {"services", "tasks"}) && parts.size() == 3 && last == "logs");
    }
}

bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || std::string_view{"/_.:@-"}.find(c) != std::string_view::npos;
}

} // namespace

bool only_asks(std::string_view head) {
    if (!head.ends_with(end_of_head) || (!head.starts_with("GET /") && !head.starts_with("HEAD /")))
        return false;
    head.remove_suffix(end_of_line.size());
    for (bool first = true; !head.empty(); first = false) {
        const std::size_t end = head.find(end_of_line);
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + end_of_line.size());
        // Some take a bare line feed for the end of a line, and would see another request.
        for (const char c : line)
            if (static_cast<unsigned char>(c) < ' ' && c != '\t') return false;
        if (first) {
            if (!line.ends_with(" HTTP/1.1") && !line.ends_with(" HTTP/1.0")) return false;
            continue;
        }
        const std::string name = lower(line.substr(0, line.find(':')));
        const bool strange = line.find(':') == std::string_view::npos || name.empty() ||
                             name.find_first_of(" \t") != std::string::npos;
        constexpr std::string_view bodies[] = {"content-length", "transfer-encoding", "upgrade", "expect",
                                               "connection"};
        const bool asks_for_more = std::find(std::begin(bodies), std::end(bodies), name) != std::end(bodies);
        const std::string value = lower(line.substr(std::min(line.find(':') + 1, line.size())));
        const bool harmless = (name == "content-length" && value == " 0") ||
                              (name == "connection" && (value == " close" || value == " keep-alive"));
        if (strange || (asks_for_more && !harmless)) return false;
    }
    return true;
}

std::optional<std::string> put_together(std::string_view head) {
    const std::size_t method_end = head.find(' ');
    if (method_end == std::string_view::npos) return std::nullopt;
    const std::string_view method = head.substr(0, method_end);
    const std::string_view rest = head.substr(method_end + 1);
    const std::string_view target = rest.substr(0, rest.find(' '));
    const std::string_view path = target.substr(0, target.find('?')), asked = target.substr(path.size());
    const bool printable =
        std::all_of(asked.begin(), asked.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (!path.starts_with('/') || !std::all_of(path.begin(), path.end(), is_plain) || !printable ||
        path.find("..") != std::string_view::npos || path.find("//") != std::string_view::npos)
        return std::nullopt;
    if (!only_shows(sys::split(path.substr(1), '/'))) return std::nullopt;
    return std::string{method == "HEAD" ? "HEAD " : "GET "} + std::string{target} +
           " HTTP/1.1\r\nHost: docker\r\nUser-Agent: disco\r\n\r\n";
}

} // namespace disco::border::cell
