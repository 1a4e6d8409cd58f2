#include "runner/fetch/server_uri.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>

#include <fmt/format.h>

namespace disco::fetch {
namespace {

constexpr std::string_view forms =
    "use /DIRECTORY, rsync://HOST[:PORT]/MODULE[/DIRECTORY], "
    "[USER@]HOST::MODULE[/DIRECTORY], [USER@]HOST:: (one rsync module per module) "
    "or [USER@]HOST:/DIRECTORY (over ssh)";

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
    throw sys::BadConfiguration{
        fmt::format("cannot understand the server URI '{}': {}; {}", sys::printable(text), why, forms)};
}

bool is_alphanumeric(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view others) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
    });
}

/// "[user@]host", as ssh and rsync will see it: no leading dash (ssh would take it for an option) and nothing
/// that a shell could mean something else by.
void check_authority(std::string_view text, std::string_view authority) {
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        const std::string_view user = authority.substr(0, at);
        if (user.empty() || user.front() == '-' || !consists_of(user, "_.+-")) refuse(text, "bad user name");
        authority.remove_prefix(at + 1);
    }
    if (authority.empty()) refuse(text, "the host is missing");
    const bool address6 = authority.size() > 2 && authority.front() == '[' && authority.back() == ']' &&
                          consists_of(authority.substr(1, authority.size() - 2), ":.%_-");
    if (!address6 && (authority.front() == '-' || !consists_of(authority, "_.-")))
        refuse(text, "bad host name");
}

void check_port(std::string_view text, std::string_view port) {
    if (!sys::number_in<unsigned>(port, 1, 65535)) refuse(text, "bad port");
}

/// A path on the server's side. Remote shells and rsync daemons expand patterns and split at blanks, so
/// nothing that any of them could treat specially is let through.
void check_remote_path(std::string_view text, std::string_view path) {
    const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
        return is_alphanumeric(c) || std::string_view{"_.-+=:,@%/"}.find(c) != std::string_view::npos ||
               static_cast<unsigned char>(c) >= 0x80;
    });
    if (!plain) refuse(text, "the path holds a blank or a character that a shell treats specially");
    if (("/" + std::string{path} + "/").find("/../") != std::string::npos)
        refuse(text, "the path holds '..'");
    if (!path.empty() && path.front() == '-') refuse(text, "the path begins with '-'");
}

std::string_view without_trailing_slashes(std::string_view text) {
    while (!text.empty() && text.back() == '/') text.remove_suffix(1);
    return text;
}

/// The position of the ':' or '/' that ends "[user@]host", which may hold an IPv6 address in brackets.
std::size_t end_of_authority(std::string_view text) {
    const std::size_t bracket = text.find('[');
    const std::size_t stop = text.find_first_of(":/");
    if (bracket == std::string_view::npos || bracket > stop) return stop;
    const std::size_t close = text.find(']', bracket);
    return close == std::string_view::npos ? stop : text.find_first_of(":/", close);
}

ServerLayout parse_rsync_url(std::string_view text, std::string_view rest) {
    const std::size_t end = std::min(end_of_authority(rest), rest.size());
    check_authority(text, rest.substr(0, end));
    rest.remove_prefix(end);
    if (rest.starts_with(':')) {
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        check_port(text, rest.substr(1, slash - 1));
        rest.remove_prefix(slash);
    }
    const std::size_t name = rest.find_first_not_of('/');
    if (name == std::string_view::npos) return ServerLayout::daemon_modules;
    if (name > 1) refuse(text, "the name of the rsync module is empty");
    check_remote_path(text, rest.substr(1));
    return ServerLayout::daemon_universe;
}

} // namespace

ServerUri parse_server_uri(std::string_view text) {
    ServerUri uri{std::string{text}, ServerLayout::local};
    if (text.empty()) refuse(text, "it is empty");
    if (text.find('\0') != std::string_view::npos || text.find('\n') != std::string_view::npos)
        refuse(text, "it holds a NUL or a newline");
    if (text.front() == '/') return uri;
    constexpr std::string_view scheme = "rsync://";
    if (text.starts_with(scheme)) {
        uri.layout = parse_rsync_url(text, text.substr(scheme.size()));
        return uri;
    }
    if (text.find("://") != std::string_view::npos) refuse(text, "this kind of URI is not known");
    const std::size_t colon = end_of_authority(text);
    if (colon == std::string_view::npos || text[colon] != ':')
        refuse(text, "a directory must be given by its full path");
    check_authority(text, text.substr(0, colon));
    std::string_view rest = text.substr(colon + 1);
    if (!rest.starts_with(':')) {
        if (!rest.starts_with('/'))
            refuse(text, "the directory on the server must be given by its full path");
        check_remote_path(text, rest);
        uri.layout = ServerLayout::ssh;
        return uri;
    }
    rest.remove_prefix(1);
    if (rest.starts_with('/')) refuse(text, "the name of the rsync module is empty");
    check_remote_path(text, rest);
    uri.layout = rest.empty() ? ServerLayout::daemon_modules : ServerLayout::daemon_universe;
    return uri;
}

std::string ServerUri::source(std::string_view relative) const {
    if (layout != ServerLayout::daemon_modules)
        return fmt::format("{}/{}", without_trailing_slashes(text), relative);
    constexpr std::string_view modules = "modules/";
    if (relative.starts_with(modules)) relative.remove_prefix(modules.size());
    if (text.ends_with("::")) return fmt::format("{}{}", text, relative);
    return fmt::format("{}/{}", without_trailing_slashes(text), relative);
}

std::string server_from_here(const std::string& text) {
    const bool relative = text.starts_with('.') || text.find(':') == std::string::npos;
    if (text.empty() || text.starts_with('/') || !relative) return text;
    return std::filesystem::absolute(text).lexically_normal();
}

} // namespace disco::fetch
