// M: by a descriptor of a directory of the machine's: what can be done beneath it.

#include "tests/payloads/escape/attempt.hpp"

#include <array>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace escape {
namespace {

// What can be tried beneath the directory that tests/escape/bait.cpp fills. Of what is seen to get through
// the test tells each by a file of its own.
using Trial = Verdict (*)(int directory);

Verdict by_opening(int directory, const char* name, int flags) {
    return by_result(::openat(directory, name, flags | O_CLOEXEC, 0600));
}
Verdict write_beneath(int directory) { return by_opening(directory, "written", O_WRONLY); }
Verdict append_beneath(int directory) { return by_opening(directory, "written", O_RDWR | O_APPEND); }
Verdict empty_beneath(int directory) { return by_opening(directory, "emptied", O_RDONLY | O_TRUNC); }
Verdict create_beneath(int directory) { return by_opening(directory, "new", O_WRONLY | O_CREAT | O_EXCL); }
Verdict temporary_beneath(int directory) { return by_opening(directory, ".", O_WRONLY | O_TMPFILE); }
Verdict read_beneath(int directory) { return by_opening(directory, "secret", O_RDONLY); }
Verdict list_beneath(int directory) { return by_opening(directory, ".", O_RDONLY | O_DIRECTORY); }

Verdict truncate_beneath(int directory) {
    const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/emptied";
    return by_result(::truncate(path.c_str(), 0));
}
Verdict remove_beneath(int directory) { return by_result(::unlinkat(directory, "removed", 0)); }
Verdict remove_directory_beneath(int directory) {
    return by_result(::unlinkat(directory, "removed-directory", AT_REMOVEDIR));
}
Verdict rename_beneath(int directory) {
    return by_result(::renameat(directory, "renamed", directory, "renamed-to"));
}
Verdict link_beneath(int directory) {
    return by_result(::linkat(directory, "secret", directory, "linked", 0));
}
Verdict symlink_beneath(int directory) { return by_result(::symlinkat("/", directory, "symlink")); }
Verdict make_directory_beneath(int directory) { return by_result(::mkdirat(directory, "directory", 0700)); }
Verdict make_fifo_beneath(int directory) { return by_result(::mkfifoat(directory, "fifo", 0600)); }
/// A text without "#!": the kernel looks at it only when it may be executed.
Verdict execute_beneath(int directory) {
    char program[] = "program";
    char* const words[] = {program, nullptr};
    char* const none[] = {nullptr};
    ::syscall(SYS_execveat, directory, program, words, none, 0);
    return errno == ENOEXEC ? got_through("the kernel looked at the program") : held_by_errno();
}
Verdict mode_beneath(int directory) { return by_result(::fchmodat(directory, "mode", 04755, 0)); }
Verdict owner_beneath(int directory) { return by_result(::fchownat(directory, "owner", 1, 1, 0)); }
Verdict times_beneath(int directory) { return by_result(::utimensat(directory, "times", nullptr, 0)); }

/// A descriptor of the caller of the program that was not closed.
Verdict by_leak(Trial trial) {
    for (int fd = 3; fd < 1024; ++fd) {
        const int directory = ::openat(fd, "foreign", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory >= 0) return trial(directory);
    }
    return held("no descriptor leads to the machine");
}

template <Trial trial> Verdict leaked() { return by_leak(trial); }

} // namespace

Attempts descriptor_attempts() {
    return {{"leaked_write", leaked<write_beneath>},
            {"leaked_append", leaked<append_beneath>},
            {"leaked_empty", leaked<empty_beneath>},
            {"leaked_create", leaked<create_beneath>},
            {"leaked_temporary", leaked<temporary_beneath>},
            {"leaked_read", leaked<read_beneath>},
            {"leaked_list", leaked<list_beneath>},
            {"leaked_truncate", leaked<truncate_beneath>},
            {"leaked_remove", leaked<remove_beneath>},
            {"leaked_remove_directory", leaked<remove_directory_beneath>},
            {"leaked_rename", leaked<rename_beneath>},
            {"leaked_link", leaked<link_beneath>},
            {"leaked_symlink", leaked<symlink_beneath>},
            {"leaked_make_directory", leaked<make_directory_beneath>},
            {"leaked_make_fifo", leaked<make_fifo_beneath>},
            {"leaked_execute", leaked<execute_beneath>},
            {"leaked_mode", leaked<mode_beneath>},
            {"leaked_owner", leaked<owner_beneath>},
            {"leaked_times", leaked<times_beneath>}};
}

} // namespace escape
