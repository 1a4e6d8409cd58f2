// The machine's file of the program itself is out of a script's reach, though a script can have it executed.

#include "tests/support/build_tree.hpp"
#include "tests/support/shared_libraries.hpp"
#include "tests/support/throw_away.hpp"

#include <filesystem>
#include <set>

#include <sys/stat.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;

class OwnProgram : public DanceTest {};

mode_t mode_of(const std::filesystem::path& path) {
    struct stat status = {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
}

// What a child of the program becomes first can be the program itself, by its own /proc/self/exe; what that
// starts in turn reaches the machine's file by the number of its parent.
TEST_F(OwnProgram, CannotBeChangedByAScriptThatHasItExecuted) {
    const std::filesystem::path program = build_tree() / "bin/disco";
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
    const auto result = disco({"exec", "--noop", "--profile", "simulate", "--root", root(), "--state-dir",
                               state(), "--", "/proc/self/exe", "dance", "--noop", "--root", "/usr",
                               "--state-dir", "/tmp/state", "--server", "host::module"});
    EXPECT_EQ(mode_of(program), before);
    ::chmod(program.c_str(), before); // for the other tests' sake
    EXPECT_THAT(result.output + result.error, HasSubstr("chmod ended with 1"));
}

} // namespace
} // namespace disco::tests
