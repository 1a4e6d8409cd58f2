#include "policy/landlock.hpp"
#include "policy/walls.hpp"
#include "runner/border/cell/confine.hpp"
#include "runner/border/cell/failure.hpp"

#include <cerrno>
#include <cstdint>

#include <unistd.h>

namespace disco::border::cell {

using namespace policy::landlock;

void forbid_writes(const Needs& needs) {
    if (needs.ptrace || !policy::wall_stands(policy::Wall::query_landlock)) return;
    const int has = version();
    if (has < 1) return; // the read-only mounts and the filter of calls stand without it
    std::uint64_t files = changing_files(has);
    if (has >= 5 && !needs.read_all) files |= control_device; // whose size cannot be asked otherwise
    const int ruleset = make_ruleset(
        {.files = files, .network = bind_tcp | connect_tcp, .scoped = abstract_sockets | signals}, has);
    if (ruleset < 0) fail("make", "a Landlock ruleset");
    for (const char* path : {"/dev/null", "/dev/zero", "/dev/full"})
        if (!allow_beneath(ruleset, path, files & (write_file | truncate | control_device)) &&
            errno != ENOENT && errno != ENOTDIR)
            fail("allow writes to", path);
    if (!restrict_self(ruleset)) fail("make read-only", "/");
    ::close(ruleset);
}

} // namespace disco::border::cell
