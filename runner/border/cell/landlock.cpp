#include "policy/walls.hpp"
#include "runner/border/cell/confine.hpp"
#include "runner/border/cell/failure.hpp"

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Landlock (landlock(7)) by the version that the kernel has. The constants are spelt out, as the headers of
// the machine that disco is built on are older than many kernels it runs on.
namespace disco::border::cell {
namespace {

constexpr std::uint64_t write_file = 1U << 1, remove_directory = 1U << 4, remove_file = 1U << 5,
                        make_character = 1U << 6, make_directory = 1U << 7, make_regular = 1U << 8,
                        make_socket = 1U << 9, make_fifo = 1U << 10, make_block = 1U << 11,
                        make_link = 1U << 12, refer = 1U << 13, truncate = 1U << 14,
                        control_device = 1U << 15;
constexpr std::uint64_t bind_tcp = 1U << 0, connect_tcp = 1U << 1;
constexpr std::uint64_t abstract_sockets = 1U << 0, signals = 1U << 1;

struct Ruleset {
    std::uint64_t files = 0, network = 0, scoped = 0;
};

constexpr unsigned version_flag = 1U << 0;
constexpr int path_beneath = 1;

struct [[gnu::packed]] PathRule {
    std::uint64_t allowed = 0;
    std::int32_t parent = -1;
};

int version() { return static_cast<int>(::syscall(SYS_landlock_create_ruleset, nullptr, 0, version_flag)); }

void allow(int ruleset, const char* path, std::uint64_t rights) {
    PathRule rule{rights, ::open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent < 0) return; // not there, so nothing is to be written
    if (::syscall(SYS_landlock_add_rule, ruleset, path_beneath, &rule, 0) != 0) fail("allow writes to", path);
    ::close(rule.parent);
}

} // namespace

void forbid_writes(const Needs& needs) {
    if (needs.ptrace || !policy::wall_stands(policy::Wall::query_landlock)) return;
    const int has = version();
    if (has < 1) return; // the read-only mounts and the filter of calls stand without it
    std::uint64_t files = write_file | remove_directory | remove_file | make_character | make_directory |
                          make_regular | make_socket | make_fifo | make_block | make_link;
    if (has >= 2) files |= refer;
    if (has >= 3) files |= truncate;
    if (has >= 5 && !needs.read_all) files |= control_device; // whose size cannot be asked otherwise
    Ruleset handled{files, has >= 4 ? bind_tcp | connect_tcp : 0, has >= 6 ? abstract_sockets | signals : 0};
    const std::size_t size = has >= 6 ? 24 : has >= 4 ? 16 : 8;
    const int ruleset = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, size, 0));
    if (ruleset < 0) fail("make", "a Landlock ruleset");
    for (const char* path : {"/dev/null", "/dev/zero", "/dev/full"})
        allow(ruleset, path, files & (write_file | truncate | control_device));
    if (::syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) fail("make read-only", "/");
    ::close(ruleset);
}

} // namespace disco::border::cell
