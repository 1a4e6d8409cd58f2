// The machine's file of the program itself is out of a script's reach, though a script can have it executed.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/shared_libraries.hpp"
#include "tests/support/throw_away.hpp"

#include <filesystem>
#include <set>

#include <sys/mount.h>
#include <sys/stat.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;

class OwnProgram : public DanceTest {
protected:
    /// Has the program execute itself as the first thing in a sandbox, and what that starts change its file's
    /// mode. `without`: a wall that does not stand.
    std::string attempt(const std::filesystem::path& program, const std::string& without);
};

mode_t mode_of(const std::filesystem::path& path) {
    struct stat status = {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
}

std::string OwnProgram::attempt(const std::filesystem::path& program, const std::string& without) {
    const mode_t before = mode_of(program);
    std::set<std::filesystem::path> libraries; // it has some when it is built with sanitisers
    add_shared_libraries_of(program, libraries);
    for (const std::filesystem::path& library : libraries) {
        const std::filesystem::path inside =
            root() / std::filesystem::weakly_canonical(library.parent_path()).relative_path();
        std::filesystem::create_directories(inside);
        std::filesystem::copy_file(std::filesystem::canonical(library), inside / library.filename(),
                                   std::filesystem::copy_options::skip_existing);
    }
    put(root() / "usr/bin/rsync",
        "#!/bin/bash\n"
        "exec >&2\n"
        "[[ /proc/$PPID/exe -ef /proc/self/exe ]] && exit 3\n"
        "chmod 0754 /proc/$PPID/exe\n"
        "echo \"chmod ended with $?\"\n"
        "exit 3\n",
        0755);
    const auto result =
        sys::run_program({.argv = {program, "exec", "--noop", "--profile", "simulate", "--root", root(),
                                   "--state-dir", state(), "--", "/proc/self/exe", "dance", "--noop",
                                   "--root", "/usr", "--state-dir", "/tmp/state", "--server", "host::module"},
                          .environment = {"PATH=" + search_path, "DISCO_WITHOUT=" + without},
                          .input = {},
                          .timeout = std::chrono::seconds{60}});
    EXPECT_EQ(mode_of(program), before);
    ::chmod(program.c_str(), before); // for the other tests' sake
    return result.output + result.error;
}

// What a child of the program becomes first would be the program itself, by its own /proc/self/exe; what that
// starts in turn would reach the machine's file by the number of its parent.
TEST_F(OwnProgram, CannotBeExecutedInASandbox) {
    EXPECT_THAT(attempt(build_tree() / "bin/disco", ""), HasSubstr("Permission denied"));
}

// Where the kernel has no Landlock it is executed, from a mount that is read-only.
TEST_F(OwnProgram, CannotBeChangedWhereItCanBeExecuted) {
    EXPECT_THAT(attempt(build_tree() / "tests/disco-without-walls", "landlock"),
                HasSubstr("chmod ended with 1"));
}

// On a read-only mount it does not execute itself again, and what the variable says is the caller's.
TEST_F(OwnProgram, LiesNowhereElseBecauseTheCallerSaysSo) {
    const auto installed = place() / "installed", elsewhere = place() / "elsewhere";
    std::filesystem::create_directories(installed);
    std::filesystem::create_directories(elsewhere / "bin");
    std::filesystem::create_symlink(installed / "bin/disco", elsewhere / "bin/disco");
    sys::check(::mount(build_tree().c_str(), installed.c_str(), nullptr, MS_BIND, nullptr), "bind",
               installed);
    sys::check(::mount(nullptr, installed.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr),
               "make read-only", installed);
    const auto result = sys::run_program(
        {.argv = {installed / "bin/disco", "policy", "show", "live"},
         .environment = {"PATH=" + search_path, "DISCO_OWN_PROGRAM=" + (elsewhere / "bin/disco").string()},
         .input = {},
         .timeout = std::chrono::seconds{20}});
    EXPECT_EQ(result.exit, 0) << result.error;
    sys::check(::umount2(installed.c_str(), MNT_DETACH), "unmount", installed);
}

} // namespace
} // namespace disco::tests
