// Files that somebody else chooses are opened only when they are files.

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace disco::sys {
namespace {

namespace fs = std::filesystem;

TEST(RegularFiles, AreAllThatIsOpened) {
    const OwnedDirectory place{fs::temp_directory_path(), "regular-files-"};
    write_file(place.path() / "file", "text\n", 0600);
    fs::create_symlink("/file", place.path() / "link");
    fs::create_directory(place.path() / "directory");
    ASSERT_EQ(::mkfifo((place.path() / "fifo").c_str(), 0600), 0);
    fs::create_symlink("fifo", place.path() / "to-fifo");
    fs::create_symlink("loop", place.path() / "loop");
    const UniqueFd root = open_directory(place.path());
    for (const char* name : {"file", "link"}) {
        const UniqueFd file = try_open_regular_in_root(root.get(), name);
        ASSERT_TRUE(file) << name;
        EXPECT_EQ(read_all(file.get(), name), "text\n") << name;
    }
    for (const char* name : {"directory", "fifo", "to-fifo", "absent"}) // a FIFO would be waited for
        EXPECT_FALSE(try_open_regular_in_root(root.get(), name)) << name;
    EXPECT_THROW((void)try_open_regular_in_root(root.get(), "loop"), SysError);
    const UniqueFd machine = open_directory("/");
    for (const char* name : {"/dev/null", "/dev/tty", "/dev/zero"}) // a terminal would become one's own
        EXPECT_FALSE(try_open_regular_in_root(machine.get(), name)) << name;
    const UniqueFd fifo{::open((place.path() / "fifo").c_str(), O_PATH | O_CLOEXEC)};
    EXPECT_THROW((void)reopen_regular(fifo.get(), "fifo"), SysError);
}

} // namespace
} // namespace disco::sys
