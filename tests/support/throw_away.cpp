#include "tests/support/throw_away.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/private_mounts.hpp"

#include "runner/sys/error.hpp"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> mount_table() {
    std::vector<std::string> lines;
    const std::string text = sys::read_file("/proc/self/mountinfo");
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find('\n', begin);
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

/// Empty when this process can do what privileged tests do, else why not.
std::string enter_own_mount_namespace() {
    if (::geteuid() != 0) return "this test needs root";
    if (::unshare(CLONE_NEWNS) != 0) return sys::SysError{errno, "make a mount namespace"}.what();
    if (!make_mounts_private()) return sys::SysError{errno, "make the mounts private"}.what();
    return "";
}

void mount_tmpfs(const fs::path& path, const char* options) {
    sys::check(::mount("disco-test", path.c_str(), "tmpfs", 0, options), "mount a tmpfs on", path);
}

/// The tests give the program an environment of their own; the options of the sanitisers go with it.
std::vector<std::string> with_sanitizer_options(std::vector<std::string> environment) {
    for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"})
        if (const char* value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
    return environment;
}

/// Some tests want a run to fail, and some ignore how it ends; none wants it to end so. PID 1 of a sandbox
/// has no standard error: what a sanitiser finds there is seen as its death.
void expect_no_fault(std::string_view text) {
    for (const char* sign :
         {"Sanitizer: ", "runtime error: ", "the sandbox died", "the sandbox was killed from outside"})
        EXPECT_EQ(text.find(sign), std::string_view::npos) << text;
}

} // namespace

void put(const fs::path& path, std::string_view bytes, mode_t mode) {
    fs::create_directories(path.parent_path());
    sys::write_file_atomically(path, bytes, mode);
    sys::check(::chmod(path.c_str(), mode), "set the mode of", path);
}

bool ThrowAwayTest::must_run() {
    const char* value = std::getenv("DISCO_TESTS_MUST_RUN");
    return value != nullptr && *value != '\0' && std::string_view{value} != "0";
}

void ThrowAwayTest::need(const std::vector<fs::path>& files) {
    for (const fs::path& file : files) {
        if (fs::exists(file)) continue;
        if (must_run()) FAIL() << "there is no " << file;
        GTEST_SKIP() << "there is no " << file;
    }
}

void ThrowAwayTest::SetUp() {
    if (const std::string reason = enter_own_mount_namespace(); !reason.empty()) {
        if (must_run()) FAIL() << reason;
        GTEST_SKIP() << reason;
    }
    directory_ = sys::OwnedDirectory{fs::temp_directory_path(), "disco-test-"};
    mount_tmpfs(directory_.path(), "mode=0755,size=1g");
    mount_tmpfs("/run", "mode=0755,size=16m");
    sys::check(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "become the reaper of what the test starts");
    mounts_ = mount_table();
}

void ThrowAwayTest::TearDown() {
    if (directory_.path().empty()) return;
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process outlived the run";
    EXPECT_EQ(mount_table(), mounts_) << "a mount outlived the run";
    sys::check(::umount2(directory_.path().c_str(), MNT_DETACH), "unmount", directory_.path());
    sys::check(::umount2("/run", MNT_DETACH), "unmount", "/run");
}

void ThrowAwayTest::wait_for_orphans() {
    for (int i = 0; i < 1000; ++i) {
        const pid_t reaped = ::waitpid(-1, nullptr, WNOHANG);
        if (reaped < 0) return; // TearDown tells when some are left
        if (reaped == 0) ::usleep(10'000);
    }
}

void DanceTest::SetUp() {
    ThrowAwayTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    make_root();
    fs::create_directories(universe() / "modules");
    fs::create_directories(universe() / "parameters" / node / "modules");
    server = universe();
}

void DanceTest::TearDown() {
    const fs::path scratch = state() / "scratch";
    EXPECT_TRUE(!fs::exists(scratch) || fs::is_empty(scratch))
        << "something is left in the scratch directory";
    expect_no_fault(log());
    ThrowAwayTest::TearDown();
}

void DanceTest::module_file(const std::string& module, const std::string& path, std::string_view bytes,
                            mode_t mode) {
    put(universe() / "modules" / module / path, bytes, mode);
}

void DanceTest::script(const std::string& module, const std::string& name, std::string_view text) {
    module_file(module, "scripts/" + name, text, 0755);
}

void DanceTest::want(const std::string& module) { parameter("web1", "modules/" + module, ""); }

void DanceTest::parameter(const std::string& of_node, const std::string& key, std::string_view value) {
    put(universe() / "parameters" / of_node / key, value);
}

sys::ProgramResult DanceTest::disco(std::vector<std::string> words) const {
    words.insert(words.begin(), disco_binary());
    sys::ProgramResult result = sys::run_program(
        {.argv = std::move(words),
         .environment = with_sanitizer_options({"PATH=" + search_path, "HOME=/nonexistent", "LEAK=secret"}),
         .input = {},
         .timeout = std::chrono::minutes{4}});
    expect_no_fault(result.output + result.error);
    return result;
}

std::vector<std::string> DanceTest::dance_words(std::vector<std::string> more) const {
    std::vector<std::string> words = {
        disco_binary(), "dance",  "--server",      server,        "--node",
        node,           "--root", root().string(), "--state-dir", state().string()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

sys::ProgramResult DanceTest::live(std::vector<std::string> more) const {
    std::vector<std::string> words = dance_words(std::move(more));
    words.erase(words.begin());
    return disco(std::move(words));
}

sys::ProgramResult DanceTest::noop(std::vector<std::string> more) const {
    more.insert(more.begin(), "--noop");
    return live(std::move(more));
}

pid_t DanceTest::start(const std::vector<std::string>& words) const {
    std::vector<char*> argv;
    for (const std::string& word : words)
        argv.push_back(const_cast<char*>(word.c_str())); // execv(3) takes char*
    argv.push_back(nullptr);
    const std::string file = place() / "log";
    const pid_t child = sys::check(::fork(), "fork");
    if (child != 0) return child;
    const int output = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::execv(argv[0], argv.data());
    ::_exit(126);
}

bool DanceTest::wait_for_script() const {
    for (int i = 0; i < 1000; ++i) {
        if (log().find("sleeping") != std::string::npos) return true;
        ::usleep(10'000);
    }
    return false;
}

int DanceTest::exit_of(pid_t child) {
    int status = 0;
    sys::check(::waitpid(child, &status, 0), "wait for the program");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

nlohmann::json DanceTest::last_report() const {
    fs::path last; // the names of runs sort by time
    for (const auto& entry : fs::directory_iterator{state() / "runs"}) last = std::max(last, entry.path());
    return nlohmann::json::parse(sys::read_file(last / "report.json"));
}

nlohmann::json module_of(const nlohmann::json& report, const std::string& name) {
    for (const auto& module : report.at("modules"))
        if (module.at("name") == name) return module;
    throw sys::Error{fmt::format("the report has no module '{}'", name)};
}

std::vector<std::string> changes_of(const nlohmann::json& report, const std::string& name) {
    std::vector<std::string> lines;
    const nlohmann::json module = module_of(report, name);
    for (const auto& change : module.at("changes"))
        lines.push_back(change.at("kind").get<std::string>() + " " + change.at("path").get<std::string>());
    return lines;
}

} // namespace disco::tests
