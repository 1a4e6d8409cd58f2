#include "tests/support/faults.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cstdlib>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::tests {
namespace {

constexpr const char* changing = "mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,"
                                 "symlink,symlinkat,mknod,mknodat,open,openat,"
                                 "openat2,creat,write,pwrite64,copy_file_range,sendfile,truncate,ftruncate,"
                                 "chmod,fchmod,fchmodat,chown,lchown,fchown,"
                                 "fchownat,setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,"
                                 "fremovexattr,utimensat,futimesat,fsync,fdatasync,syncfs,"
                                 "ioctl,fallocate";

sys::ProgramResult run(std::vector<std::string> strace, const std::vector<std::string>& words) {
    strace.insert(strace.begin(), "/usr/bin/strace");
    strace.insert(strace.end(), words.begin(), words.end());
    return sys::run_program({.argv = strace,
                             .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                             .input = {},
                             .timeout = std::chrono::seconds{60}});
}

/// Opening and controlling change something only at times.
bool changes(const std::string& name, const std::string& line) {
    if (name.starts_with("open")) return line.find("O_CREAT") != std::string::npos;
    if (name == "ioctl") return line.find("SETFLAGS") != std::string::npos;
    return true;
}

} // namespace

std::vector<ChangingCall> changing_calls(const std::vector<std::string>& words, const std::string& from,
                                         const std::string& log) {
    const sys::ProgramResult result =
        run({"-qq", "-s", "4096", "-o", log, "-e", fmt::format("trace={}", changing)}, words);
    if (!result.succeeded())
        throw sys::Error{fmt::format("the run to be disturbed fails: {}{}", result.output, result.error)};
    std::vector<ChangingCall> calls;
    std::map<std::string, std::size_t> counts;
    std::istringstream lines{sys::read_file(log)};
    bool begun = false;
    for (std::string line; std::getline(lines, line);) {
        const std::string name = line.substr(0, line.find('('));
        if (name.find(' ') != std::string::npos) continue; // "--- SIGCHLD"
        const std::size_t number = ++counts[name];
        begun = begun || line.find(from) != std::string::npos;
        if (begun && changes(name, line)) calls.push_back({name, number, line});
    }
    return calls;
}

bool every_point() { return std::getenv("DISCO_TESTS_EVERY_POINT") != nullptr; }

std::vector<ChangingCall> sample_of(const std::vector<ChangingCall>& calls, std::size_t every,
                                    std::size_t first) {
    if (every_point()) return calls;
    std::vector<ChangingCall> sample;
    for (std::size_t i = 0; i < calls.size(); ++i)
        if (i % every == first || i + 1 == calls.size()) sample.push_back(calls[i]);
    return sample;
}

sys::ProgramResult run_with_fault(const std::vector<std::string>& words, const ChangingCall& call,
                                  const std::string& fault) {
    return run({"-qq", "-o", "/dev/null", "-e", "trace=" + call.name, "-e",
                fmt::format("inject={}:{}:when={}", call.name, fault, call.number)},
               words);
}

} // namespace disco::tests
