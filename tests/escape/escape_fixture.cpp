#include "tests/escape/escape_fixture.hpp"

#include "runner/sys/error.hpp"
#include "tests/escape/machine_snapshot.hpp"
#include "tests/support/build_tree.hpp"

#include <cmath>
#include <csignal>
#include <sstream>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using model::Profile;

constexpr int patience_s = 120;
constexpr double clock_tolerance_s = 0.5; // time servers correct it meanwhile

AttemptResults parse(const std::string& output) {
    using Kind = AttemptResult::Kind;
    AttemptResults results;
    std::istringstream lines{output};
    for (std::string line; std::getline(lines, line);) {
        const auto name_end = line.find(": ");
        if (name_end == std::string::npos) continue;
        const auto kind_end = line.find(": ", name_end + 2);
        const std::string kind = line.substr(name_end + 2, kind_end - name_end - 2);
        const auto known = kind == "escaped"  ? std::optional{Kind::escaped}
                           : kind == "held"   ? std::optional{Kind::held}
                           : kind == "absent" ? std::optional{Kind::absent}
                                              : std::nullopt;
        if (known) results[line.substr(0, name_end)] = {*known, line.substr(kind_end + 2)};
    }
    return results;
}

/// The outputs of all steps of a report.
std::string output_of(const nlohmann::json& report) {
    std::string text;
    for (const auto& module : report.at("modules")) {
        for (const auto& step : module.at("steps")) text += step.at("output").get<std::string>() + "\n";
    }
    return text;
}

[[noreturn]] void become(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                         int terminal, int output) {
    std::vector<char*> argv, variables;
    for (const std::string& word : words)
        argv.push_back(const_cast<char*>(word.c_str())); // execve(2) takes char*
    for (const std::string& variable : environment) variables.push_back(const_cast<char*>(variable.c_str()));
    argv.push_back(nullptr);
    variables.push_back(nullptr);
    ::setsid();
    ::ioctl(terminal, TIOCSCTTY, 0);
    ::dup2(terminal, 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::execve(argv[0], argv.data(), variables.data());
    ::_exit(126);
}

} // namespace

void EscapeTest::SetUp() {
    DanceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    fs::create_directories(root() / "escape");
    fs::copy_file(build_tree() / "tests/escape_payload", root() / "escape/payload");
    for (const char* directory : {"runs", "scratch"}) fs::create_directories(inner_state() / directory);
    sys::check(::chmod(inner_state().c_str(), 0700), "set the mode of", inner_state());
    fs::create_directories(root() / "srv/w");
    sys::check(::chmod((root() / "srv/w").c_str(), 01777), "set the mode of", root() / "srv/w");
    // What the broker must not run, and a `service` as Debian's is without systemd.
    put(root() / "srv/own/ip", "#!/bin/sh\necho ESCAPED: outside of the sandbox\n", 0755);
    put(root() / "etc/roots", "ESCAPED: what only root may read\n", 0600);
    put(root() / "usr/sbin/blkid", "#!/bin/sh\nexec cat /etc/roots\n", 0755);
    put(root() / "usr/sbin/own", "#!/bin/sh\necho ESCAPED: outside of the sandbox\n", 0755);
    put(root() / "usr/sbin/service", "#!/bin/sh\nexec \"/etc/init.d/$1\" \"$2\"\n", 0755);
    fs::create_directories(root() / "etc/init.d");
    parameter(node, "canary", "x\n");
    fs::create_directories(queues());
    sys::check(::mount("mqueue", queues().c_str(), "mqueue", 0, nullptr), "mount mqueue on", queues());
    // A module that an attempt would have loaded makes names in /dev.
    if (const int socket = ::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0); socket >= 0) ::close(socket);
    bait_ = std::make_unique<Bait>(outside(), root());
    clock_ = clock_offset();
}

void EscapeTest::TearDown() {
    if (bait_) {
        EXPECT_NEAR(clock_offset(), clock_, clock_tolerance_s) << "somebody has set the clock";
    }
    bait_.reset();
    ::umount2(queues().c_str(), MNT_DETACH);
    DanceTest::TearDown();
}

Snapshot EscapeTest::machine() const {
    Snapshot result = machine_snapshot(root(), inner_state());
    for (const auto& entry : fs::directory_iterator{queues()})
        result["message queue " + entry.path().filename().string()] = "";
    return result;
}

std::string EscapeTest::run(std::vector<std::string> words, const std::string& without) {
    std::vector<std::string> environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/nonexistent"};
    if (!without.empty()) environment.push_back("DISCO_WITHOUT=" + without);
    words.insert(words.begin(),
                 without.empty() ? disco_binary() : build_tree() / "tests/disco-without-walls");
    const fs::path file = place() / "output";
    const sys::UniqueFd output{
        sys::check(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), "open", file)};
    const pid_t child = sys::check(::fork(), "fork");
    if (child == 0) become(words, environment, bait_->terminal(), output.get());
    int status = 0;
    pid_t reaped = 0;
    for (int waited_ms = 0; reaped == 0 && waited_ms < patience_s * 1000; waited_ms += 5) {
        reaped = ::waitpid(child, &status, WNOHANG);
        if (reaped == 0) ::usleep(5'000);
    }
    if (reaped == 0) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        ADD_FAILURE() << "the run took longer than " << patience_s << " s";
    }
    exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    return sys::read_file(file);
}

AttemptResults EscapeTest::attempt(const Batch& batch) {
    const bool restricted = batch.profile == Profile::template_ || batch.profile == Profile::strict;
    // A template can write nowhere else.
    const char* writable = batch.profile == Profile::template_ ? "/tmp" : "/srv/w";
    put(root() / "escape/config", fmt::format("{}state {}\nstate_in_view /srv/state\nwritable {}\n",
                                              bait_->settings(), inner_state().string(), writable));
    std::string command = "/escape/payload run " + batch.groups;
    for (const std::string& name : batch.names) command += " " + name;
    // Restricted bash starts nothing by its path, but sed does.
    const std::string script = fmt::format("sed -n '1e {}' /etc/motd\necho done\n", command);
    const std::string report = place() / "report.json";
    std::vector<std::string> words;
    if (restricted) {
        if (batch.profile == Profile::template_)
            module_file("m", "templates/etc/escape", script);
        else
            this->script("m", "10-escape.sh", script);
        want("m");
        // Strict stays strict, whatever the shell refuses.
        words = {"dance", "--noop", "--profile", "strict", "--server", server, "--node", node};
    } else {
        words = {"exec"};
        if (batch.profile == Profile::simulate) words.emplace_back("--noop");
    }
    for (const std::string& word : {std::string{"--root"}, root().string(), std::string{"--state-dir"},
                                    inner_state().string(), std::string{"--json"}, report})
        words.push_back(word);
    if (!restricted) {
        words.emplace_back("--");
        std::istringstream parts{command};
        for (std::string part; parts >> part;) words.push_back(part);
    }
    std::error_code ignored;
    fs::remove(report, ignored);
    const Snapshot before = machine();
    const std::string output = run(words, batch.without);
    Snapshot after = machine();
    // What gets through may make the kernel load a module, which nothing takes back.
    if (!batch.without.empty())
        std::erase_if(after, [&](const auto& entry) {
            return entry.first.starts_with("module ") && !before.contains(entry.first);
        });
    EXPECT_EQ(difference(before, after), "") << "the machine has changed";
    EXPECT_EQ(exit_, 0) << output;
    if (!fs::exists(report)) {
        ADD_FAILURE() << "there is no report: " << output;
        return {};
    }
    return parse(output_of(nlohmann::json::parse(sys::read_file(report))));
}

} // namespace disco::tests
