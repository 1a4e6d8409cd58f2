#include "tests/bench/timing.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::bench {

namespace fs = std::filesystem;

namespace {

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

} // namespace

Sample run(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words)
        argv.push_back(const_cast<char*>(word.c_str())); // posix_spawn takes char*
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    const auto started = std::chrono::steady_clock::now();
    pid_t child = 0;
    const int code = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (code != 0) throw sys::SysError{code, "run", words[0]};
    int status = 0;
    struct rusage usage = {};
    sys::check(::wait4(child, &status, 0, &usage), "wait for", words[0]);
    if (status != 0)
        throw sys::Error{fmt::format("{} {} … failed with status {}", words[0], words[1], status)};
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(),
            usage.ru_maxrss};
}

double seconds_of(const std::function<void()>& work) {
    const auto started = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

void put(const fs::path& path, std::string_view text, mode_t mode) {
    fs::create_directories(path.parent_path());
    const sys::UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
    if (!file) throw sys::SysError{errno, "create", path};
    sys::write_all(file.get(), text, path);
}

void print_heading() {
    fmt::print("| what | time | floor | time | ratio | goal |\n|---|---|---|---|---|---|\n");
}

void compare(const std::string& what, const std::string& floor_name, const std::string& goal, int rounds,
             const std::function<double()>& work, const std::function<double()>& floor) {
    std::vector<double> ours, theirs;
    for (int round = 0; round < rounds; ++round) {
        theirs.push_back(floor());
        ours.push_back(work());
    }
    const double a = median(ours), b = median(theirs);
    fmt::print("| {} | {:.1f} ms | {} | {:.1f} ms | {:.2f} | {} |\n", what, a * 1e3, floor_name, b * 1e3,
               a / b, goal);
    std::fflush(stdout);
}

void furnish(const fs::path& root) {
    for (const char* name : {"etc", "srv", "tmp", "proc", "sys", "dev", "run", "usr/bin", "var/lib"})
        fs::create_directories(root / name);
    const auto copy = [&](const std::string& words) {
        if (std::system(words.c_str()) != 0) throw sys::Error{"cannot furnish a root: " + words};
    };
    copy(fmt::format("cd {} && ln -sfn usr/bin bin && ln -sfn usr/lib lib && ln -sfn usr/lib64 lib64 && "
                     "mkdir -p usr/lib usr/lib64 && "
                     "cp /bin/bash /bin/mkdir usr/bin/ && "
                     "for l in $(ldd /bin/bash /bin/mkdir | grep -o '/[^ :]*' | sort -u); do mkdir -p "
                     ".$(dirname $l) && cp -L $l .$l; done && "
                     "mkdir -p usr/lib/locale && cp -r /usr/lib/locale/C.utf8 usr/lib/locale/",
                     root.string()));
    put(root / "etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
    put(root / "etc/group", "root:x:0:\n");
}

} // namespace disco::bench
