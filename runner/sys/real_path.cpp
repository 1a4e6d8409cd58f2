#include "runner/sys/real_path.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <array>
#include <climits>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::sys {

std::filesystem::path real_directory(int root, const std::filesystem::path& path) {
    try {
        const UniqueFd directory = try_open_in_root(root, path / ".", O_PATH | O_DIRECTORY);
        if (!directory) return path;
        std::array<char, PATH_MAX> text; // NOLINT(*-member-init): readlink(2) fills it
        const ssize_t size =
            ::readlink(fmt::format("/proc/self/fd/{}", directory.get()).c_str(), text.data(), text.size());
        if (size <= 0 || text[0] != '/') return path;
        const std::string_view real{text.data(), static_cast<std::size_t>(size)};
        return std::filesystem::path{real}.relative_path();
    } catch (const SysError&) { // a loop of links, say
        return path;
    }
}

} // namespace disco::sys
