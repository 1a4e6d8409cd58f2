#include "runner/border/exec_caller.hpp"

#include "runner/sys/notified_call.hpp"
#include "runner/sys/text_number.hpp"
#include "runner/sys/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

std::optional<std::string> link_of(pid_t thread, const std::string& name) {
    std::array<char, PATH_MAX> text; // NOLINT(*-member-init): readlink fills it
    const std::string path = fmt::format("/proc/{}/{}", thread, name);
    const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
    if (size <= 0 || size == PATH_MAX) return std::nullopt;
    return std::string{text.data(), static_cast<std::size_t>(size)};
}

/// proc(5) shows a path from the root of the thread's mount namespace on; what the thread's own root lies
/// below there is taken away.
std::optional<std::string> in_own_root(pid_t thread, std::string path) {
    const auto root = link_of(thread, "root");
    if (!root || !path.starts_with('/')) return std::nullopt;
    if (*root == "/") return path;
    if (path == *root) return "/";
    if (!path.starts_with(*root + "/")) return std::nullopt;
    return path.substr(root->size());
}

/// The number in "/proc/self/fd/7" and "/dev/fd/7", as fexecve(3) without execveat(2) writes it.
std::optional<int> descriptor_named(std::string_view path) {
    for (const std::string_view start : {"/proc/self/fd/", "/dev/fd/"}) {
        if (!path.starts_with(start)) continue;
        if (const auto number = sys::number_in<int>(path.substr(start.size()), 0)) return number;
    }
    return std::nullopt;
}

/// The first kilobyte of its status; empty when it is gone.
std::string status_of(pid_t thread) {
    const std::string path = fmt::format("/proc/{}/status", thread);
    const sys::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 1024> text = {};
    const ssize_t got = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

} // namespace

std::optional<std::string> read_text(pid_t thread, std::uint64_t address) {
    constexpr std::size_t page = 4096; // most texts end before the next one begins
    std::string text;
    while (text.size() < PATH_MAX) {
        std::array<char, page> part; // NOLINT(*-member-init): it is filled
        const std::uint64_t at = address + text.size();
        const std::size_t got = sys::read_memory(thread, at, part.data(), page - at % page);
        if (got == 0) return std::nullopt;
        const std::string_view bytes{part.data(), got};
        const std::size_t end = bytes.find('\0');
        text += bytes.substr(0, end);
        if (end != std::string_view::npos) break;
    }
    if (text.size() < PATH_MAX) return text;
    errno = ENAMETOOLONG;
    return std::nullopt;
}

std::optional<std::string> absolute_path(pid_t thread, const policy::ExecCall& call,
                                         const std::string& path) {
    if (const auto number = descriptor_named(path)) {
        const auto file = link_of(thread, fmt::format("fd/{}", *number));
        return file ? in_own_root(thread, *file) : std::nullopt;
    }
    if (path.starts_with('/')) return path;
    if (path.empty() && (call.flags & AT_EMPTY_PATH) == 0) return std::nullopt;
    const auto start =
        link_of(thread, call.directory == AT_FDCWD ? "cwd" : fmt::format("fd/{}", call.directory));
    auto directory = start ? in_own_root(thread, *start) : std::nullopt;
    if (!directory || path.empty()) return directory;
    return *directory + "/" + path;
}

bool has_root(pid_t thread, int root) {
    const std::string path = fmt::format("/proc/{}/root", thread);
    struct stat own = {}, other = {};
    return ::fstat(root, &own) == 0 && ::stat(path.c_str(), &other) == 0 && own.st_dev == other.st_dev &&
           own.st_ino == other.st_ino;
}

std::optional<Credentials> credentials_of(pid_t thread) {
    const std::string status = status_of(thread);
    const auto effective = [&](std::string_view key) -> std::optional<std::uint32_t> { // the second of four
        const std::size_t at = status.find(key);
        const std::size_t tab = at == std::string::npos ? at : status.find('\t', at + key.size());
        if (tab == std::string::npos) return std::nullopt;
        std::string_view rest = std::string_view{status}.substr(tab + 1);
        return sys::take_number<std::uint32_t>(rest);
    };
    const auto user = effective("\nUid:\t"), group = effective("\nGid:\t");
    return user && group ? std::optional{Credentials{*user, *group}} : std::nullopt;
}

pid_t process_of(pid_t thread) {
    const std::string status = status_of(thread);
    constexpr std::string_view key = "\nTgid:\t";
    const std::size_t at = status.find(key);
    if (at == std::string::npos) return 0;
    std::string_view rest = std::string_view{status}.substr(at + key.size());
    return sys::take_number<pid_t>(rest).value_or(0);
}

} // namespace disco::border
