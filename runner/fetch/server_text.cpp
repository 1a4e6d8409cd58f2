#include "runner/fetch/server_text.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::fetch {
namespace {

constexpr std::size_t longest_text = std::size_t{1} << 20;

void require_regular(const struct stat& status, std::string_view shown) {
    if (!S_ISREG(status.st_mode))
        throw sys::BadConfiguration{fmt::format(
            "{} is no regular file: disco follows no symbolic link there and reads nothing else; put the "
            "file itself on the server",
            sys::printable(shown))};
    if (static_cast<std::size_t>(status.st_size) > longest_text)
        throw sys::BadConfiguration{fmt::format("{} holds {} bytes, and may hold {} at most",
                                                sys::printable(shown), status.st_size, longest_text)};
}

/// Nothing when it is absent.
std::optional<struct stat> look_at(int top, const std::filesystem::path& name, std::string_view shown) {
    struct stat status = {};
    try {
        const sys::UniqueFd fd = sys::try_open_beneath(top, name, O_PATH | O_NOFOLLOW);
        if (!fd) return std::nullopt;
        sys::check(::fstat(fd.get(), &status), "look at", name);
    } catch (const sys::SysError& error) {
        if (error.code() != ELOOP) throw; // a directory on the way is a symlink
        status.st_mode = S_IFLNK;
    }
    require_regular(status, shown);
    return status;
}

} // namespace

std::optional<std::string> read_server_text(const std::filesystem::path& directory,
                                            const std::filesystem::path& name, std::string_view shown) {
    const sys::UniqueFd top = sys::open_directory(directory);
    if (!look_at(top.get(), name, shown)) return std::nullopt;
    // It may have become something else since then.
    const sys::UniqueFd fd =
        sys::open_beneath(top.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat status = {};
    sys::check(::fstat(fd.get(), &status), "look at", directory / name);
    require_regular(status, shown);
    return sys::read_all(fd.get(), directory / name, longest_text);
}

} // namespace disco::fetch
