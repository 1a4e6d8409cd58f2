#include "runner/fetch/rsync_command.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace disco::fetch {
namespace {

bool is_daemon(ServerLayout layout) {
    switch (layout) {
    case ServerLayout::daemon_universe:
    case ServerLayout::daemon_modules: return true;
    case ServerLayout::local:
    case ServerLayout::ssh: return false;
    }
    return false;
}

/// "--rsh=…", "--rsh", or "-e" alone or at the end of a cluster ("-ve").
bool names_remote_shell(const std::string& word) {
    if (word == "--rsh" || word.starts_with("--rsh=")) return true;
    if (word.size() < 2 || word[0] != '-' || word[1] == '-') return false;
    return word[1] == 'e' || word.back() == 'e';
}

/// "/./" is where the path begins that --relative makes in the destination. Not --files-from: a daemon of
/// rsync 3.5 without chroot finds its names only from the top of the rsync module.
std::string source_of(const RsyncCall& call, const std::string& name) { return call.source + "/./" + name; }

/// rsync on the server's side takes less than 1000 words, its own options among them.
constexpr std::size_t most_names = 500;

/// Bytes of names in one command.
std::size_t room_for_names(ServerLayout layout) {
    switch (layout) {
    case ServerLayout::ssh:
        return 8000; // all one word of a shell there: OpenSSH takes 128 KiB, dropbear 9000
    case ServerLayout::local:
    case ServerLayout::daemon_universe:
    case ServerLayout::daemon_modules: return std::size_t{64} << 10; // execve(2) takes far more
    }
    return 0;
}

} // namespace

std::vector<RsyncCall> parts_of(ServerLayout layout, const RsyncCall& call) {
    std::vector<RsyncCall> parts = {call};
    parts.back().names.clear();
    const std::size_t room = room_for_names(layout);
    std::size_t used = 0;
    for (const std::string& name : call.names) {
        const std::size_t size = source_of(call, name).size() + 1;
        const std::set<std::string>& names = parts.back().names;
        if (names.size() == most_names || (!names.empty() && used + size > room)) {
            parts.push_back(call);
            parts.back().names.clear();
            used = 0;
        }
        parts.back().names.insert(name);
        used += size;
    }
    return parts;
}

std::vector<std::string> rsync_command(const FetchSettings& settings, const RsyncCall& call) {
    const ServerLayout layout = settings.server.layout;
    const auto seconds = std::max<long long>(settings.timeout.count(), 1); // 0 would mean: wait for ever
    std::vector<std::string> words = settings.rsync;
    const bool own_shell = std::any_of(words.begin(), words.end(), names_remote_shell);
    if (layout == ServerLayout::ssh && !own_shell)
        words.push_back(fmt::format("--rsh=ssh -o BatchMode=yes -o ConnectTimeout={}", seconds));
    for (const char* option : {
             "--recursive", "--links", "--perms", "--times", "--devices",
             "--specials", // what must not be in a module is to be seen and refused, not left out
             "--no-owner", "--no-group", // ids of the server mean nothing here
             "--modify-window=-1", // compare nanoseconds: a file edited twice within a second is another file
             "--omit-dir-times", // nobody reads them, and setting them is a second pass over all directories
             "--no-inc-recursive", // one list instead of one for each directory: a third less time
         })
        words.emplace_back(option);
    words.push_back(fmt::format("--timeout={}", seconds));
    if (is_daemon(layout)) {
        // rsync refuses it elsewhere, and where the words make it start a daemon by a remote shell.
        if (!own_shell) words.push_back(fmt::format("--contimeout={}", seconds));
        words.emplace_back("--no-motd");
    }
    switch (call.mode) {
    case RsyncMode::copy: break;
    case RsyncMode::compare:
        for (const char* option : {"--dry-run", "--delete", "--out-format=%o %n"}) words.emplace_back(option);
        break;
    }
    if (!call.link_to.empty()) words.push_back("--link-dest=" + call.link_to.string());
    for (const std::string& filter : call.filters) words.push_back("--filter=" + filter);
    if (!call.names.empty()) words.emplace_back("--relative");
    words.emplace_back("--"); // whatever the source and the destination are called, they are no options
    for (const std::string& name : call.names) words.push_back(source_of(call, name));
    if (call.names.empty()) words.push_back(call.source + "/");
    words.push_back(call.destination.string() + "/");
    return words;
}

std::vector<std::string> rsync_environment(const char* (*lookup)(const char*)) {
    const char* path = lookup("PATH");
    const char* home = lookup("HOME");
    std::vector<std::string> environment = {
        fmt::format("PATH={}", path != nullptr ? path : sys::usual_path),
        fmt::format("HOME={}", home != nullptr ? home : "/"),
        "LC_ALL=C.UTF-8", // its messages are matched by rsync_failure
    };
    for (const char* name : {"RSYNC_PASSWORD", "SSH_AUTH_SOCK"})
        if (const char* value = lookup(name)) environment.push_back(fmt::format("{}={}", name, value));
    return environment;
}

std::vector<std::string> metadata_filters_of_module() {
    return {"+ /requires", "+ /attributes", "+ /sandbox", "+ /parameters/", "+ /parameters/**", "- *"};
}

std::vector<std::string> metadata_filters_of_all_modules() {
    std::vector<std::string> filters = {"+ /*/"};
    for (std::string filter : metadata_filters_of_module()) {
        if (filter.starts_with("+ /")) filter.insert(2, "/*");
        filters.push_back(std::move(filter));
    }
    return filters;
}

std::set<std::string> differing_names(std::string_view compare_output) {
    std::set<std::string> names;
    for (std::string_view line : sys::lines_of(compare_output)) {
        if (line.empty()) continue;
        const std::size_t blank = line.find(' '); // %o is "recv", "send" or "del."
        if (blank == std::string_view::npos)
            throw sys::Error{fmt::format("cannot read this line of rsync's: {}", sys::printable(line))};
        line.remove_prefix(blank + 1);
        names.emplace(line.substr(0, line.find('/')));
    }
    return names;
}

} // namespace disco::fetch
