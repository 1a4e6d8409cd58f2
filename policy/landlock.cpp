#include "policy/landlock.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace disco::policy::landlock {
namespace {

constexpr std::uint64_t execute = 1U << 0, read_file = 1U << 2, read_directory = 1U << 3,
                        remove_directory = 1U << 4, remove_file = 1U << 5, make_character = 1U << 6,
                        make_directory = 1U << 7, make_regular = 1U << 8, make_socket = 1U << 9,
                        make_fifo = 1U << 10, make_block = 1U << 11, make_link = 1U << 12, refer = 1U << 13;

constexpr unsigned version_flag = 1U << 0;
constexpr int path_beneath = 1;

struct [[gnu::packed]] PathRule {
    std::uint64_t allowed = 0;
    std::int32_t parent = -1;
};

} // namespace

int version() noexcept {
    return std::max(0, static_cast<int>(::syscall(SYS_landlock_create_ruleset, nullptr, 0, version_flag)));
}

std::uint64_t changing_files(int version) noexcept {
    std::uint64_t files = write_file | remove_directory | remove_file | make_character | make_directory |
                          make_regular | make_socket | make_fifo | make_block | make_link;
    if (version >= 2) files |= refer;
    if (version >= 3) files |= truncate;
    return files;
}

std::uint64_t using_files(int version) noexcept {
    return changing_files(version) | execute | read_file | read_directory;
}

int make_ruleset(Rights given_up, int version) noexcept {
    // Older kernels take a longer structure if what they do not know is zero.
    if (version < 4) given_up.network = 0;
    if (version < 6) given_up.scoped = 0;
    return static_cast<int>(::syscall(SYS_landlock_create_ruleset, &given_up, sizeof given_up, 0));
}

bool allow_beneath(int ruleset, const char* place, std::uint64_t files) noexcept {
    PathRule rule{files, ::open(place, O_PATH | O_CLOEXEC)};
    if (rule.parent < 0) return false;
    const bool added = ::syscall(SYS_landlock_add_rule, ruleset, path_beneath, &rule, 0) == 0;
    const int error = errno;
    ::close(rule.parent);
    errno = error;
    return added;
}

bool restrict_self(int ruleset) noexcept { return ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0; }

} // namespace disco::policy::landlock
