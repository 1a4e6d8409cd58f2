#include "runner/sandbox/watch.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <sys/statvfs.h>

#include <fmt/format.h>

namespace disco::sandbox {

Watch::Watch(int root, std::filesystem::path scratch) : root_{root}, scratch_{std::move(scratch)} {}

std::vector<std::string> Watch::processes() const {
    const sys::UniqueFd proc = sys::open_in_root(root_, "/proc", O_RDONLY | O_DIRECTORY);
    std::vector<std::string> numbers;
    for (sys::DirectoryEntry& entry : sys::list_directory(proc.get(), "/proc"))
        if (entry.name != "1" &&
            std::all_of(entry.name.begin(), entry.name.end(), [](char c) { return c >= '0' && c <= '9'; }))
            numbers.push_back(std::move(entry.name));
    return numbers;
}

bool Watch::too_many_processes() const { return processes().size() > process_limit; }

bool Watch::scratch_nearly_full() const {
    struct statvfs space = {};
    sys::check(::statvfs(scratch_.c_str(), &space), "look at the free space of", scratch_);
    const std::uint64_t total = std::uint64_t{space.f_blocks} * space.f_frsize;
    const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
    const bool no_inodes = space.f_files != 0 && space.f_favail < space.f_files / 20;
    return free < std::min<std::uint64_t>(64U << 20, total / 20) || no_inodes;
}

std::vector<std::string> Watch::command_lines() const {
    std::vector<std::string> lines;
    for (const std::string& number : processes()) {
        if (lines.size() == 10) {
            lines.emplace_back("…");
            break;
        }
        std::string line;
        try {
            const auto file = sys::try_open_in_root(root_, fmt::format("/proc/{}/cmdline", number), O_RDONLY);
            if (file) line = sys::read_all(file.get(), "cmdline");
        } catch (const sys::SysError& error) {
            if (error.code() != ESRCH) throw; // it ended between the look and the read
        }
        while (!line.empty() && line.back() == '\0') line.pop_back();
        std::replace(line.begin(), line.end(), '\0', ' ');
        lines.push_back(line.empty() ? fmt::format("process {}", number) : line);
    }
    return lines;
}

} // namespace disco::sandbox
