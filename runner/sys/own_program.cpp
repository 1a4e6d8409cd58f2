#include "runner/sys/own_program.hpp"

#include <cstdlib>
#include <string_view>

#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>

namespace disco::sys {
namespace {

constexpr const char* exe = "/proc/self/exe";

/// Empty: it is what /proc/self/exe says.
std::filesystem::path& noted_path() {
    static std::filesystem::path path;
    return path;
}

bool is_own_file(const char* path) {
    struct stat named = {}, own = {};
    return ::stat(path, &named) == 0 && ::stat(exe, &own) == 0 && named.st_dev == own.st_dev &&
           named.st_ino == own.st_ino;
}

/// As execveat(2) without a name does it, and who calls the program by its name does not.
bool was_executed_by_descriptor() {
    const auto* const name =
        reinterpret_cast<const char*>(::getauxval(AT_EXECFN)); // NOLINT(performance-no-int-to-ptr)
    return name != nullptr && std::string_view{name}.starts_with("/dev/fd/");
}

} // namespace

void note_own_program() {
    const char* const path = std::getenv(DISCO_OWN_PROGRAM_VARIABLE);
    if (path == nullptr) return;
    // A path of another file says nothing about this one. Nor does what the caller has set: a link to this
    // file may lie anywhere. Only the program's own first execution counts, which executes it again by a
    // descriptor; on a read-only mount there was none.
    if (was_executed_by_descriptor() && is_own_file(path)) {
        noted_path() = path;
        // Executed by a descriptor, it has the descriptor's number as its name in `ps`.
        ::prctl(PR_SET_NAME, noted_path().filename().c_str(), 0, 0, 0);
    }
    ::unsetenv(DISCO_OWN_PROGRAM_VARIABLE);
}

std::filesystem::path own_program() {
    return noted_path().empty() ? std::filesystem::read_symlink(exe) : noted_path();
}

} // namespace disco::sys
