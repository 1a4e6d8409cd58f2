#include "runner/sys/error.hpp"
#include "tests/support/shared_libraries.hpp"
#include "tests/support/throw_away.hpp"

#include <set>

#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

constexpr const char* programs[] = {
    "bash",    "dash",   "cat",      "ls",       "id",     "rm",      "mv",       "cp",      "mkdir",
    "rmdir",   "touch",  "ln",       "chmod",    "chown",  "head",    "tail",     "sed",     "grep",
    "env",     "true",   "false",    "mknod",    "mkfifo", "stat",    "setfattr", "sleep",   "dd",
    "date",    "sort",   "wc",       "hostname", "find",   "seq",     "tr",       "install", "readlink",
    "setfacl", "setsid", "truncate", "perl",     "getent", "timeout", "tty",      "stty"};

/// Copies what a path leads to, to the same path in the root.
void copy_in(const fs::path& path, const fs::path& root) {
    const fs::path target = root / fs::weakly_canonical(path.parent_path()).relative_path() / path.filename();
    fs::create_directories(target.parent_path());
    if (!fs::exists(target)) fs::copy_file(fs::canonical(path), target);
}

} // namespace

void make_minimal_root(const fs::path& root) {
    fs::create_directories(root / "usr");
    for (const char* name : {"bin", "sbin", "lib", "lib64"}) {
        fs::create_directories(root / "usr" / name);
        fs::create_directory_symlink(fs::path{"usr"} / name, root / name);
    }
    std::set<fs::path> libraries;
    for (const char* name : programs) {
        const fs::path program = fs::path{"/usr/bin"} / name;
        if (!fs::exists(program)) continue; // a test that needs it says so
        copy_in(program, root);
        add_shared_libraries_of(program, libraries);
    }
    for (const fs::path& library : libraries) copy_in(library, root);
    fs::create_directories(root / "usr/lib/locale");
    fs::copy("/usr/lib/locale/C.utf8", root / "usr/lib/locale/C.utf8", fs::copy_options::recursive);
    fs::create_symlink("dash", root / "usr/bin/sh");
    for (const char* name :
         {"proc", "sys", "dev", "run", "srv", "home", "root", "tmp", "var/lib", "var/log", "etc"})
        fs::create_directories(root / name);
    sys::check(::chmod((root / "tmp").c_str(), 01777), "set the mode of", root / "tmp");
    sys::check(::chmod((root / "root").c_str(), 0700), "set the mode of", root / "root");
    put(root / "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n");
    put(root / "etc/group", "root:x:0:\nadm:x:4:\nwww-data:x:33:\n");
    put(root / "etc/hostname", "throw-away\n");
    put(root / "etc/motd", "Welcome.\n");
    put(root / "etc/shadow", "root:*:19000:0:99999:7:::\n", 0640);
}

} // namespace disco::tests
