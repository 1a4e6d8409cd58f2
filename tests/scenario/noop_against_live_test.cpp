// What a no-op tells is what a live dance does: the scripts in real_work and the example universe, on copies
// of a Debian root tree. Beside a script may lie SCRIPT.sandbox, its module's settings, and SCRIPT.varies,
// the paths whose content is another one at every run ("sometimes": at many runs), each with the reason.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/debian_root.hpp"
#include "tests/support/private_network.hpp"
#include "tests/support/told_changes.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <optional>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path real_work = source_tree() / "tests/scenario/real_work";

bool is_beside(const fs::path& file) {
    return file.extension() == ".varies" || file.extension() == ".sandbox";
}

std::vector<std::string> scripts() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{real_work})
        if (!is_beside(entry.path())) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

/// So that two runs that print the time, in whole seconds, do not print the same.
void wait_for_the_next_second() {
    timespec now = {};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::this_thread::sleep_for(std::chrono::nanoseconds{1'000'000'000 - now.tv_nsec});
}
/// So that all runs of a test note the same day, as useradd(8) does in /etc/shadow.
void let_midnight_pass() {
    constexpr std::time_t day = 86400, enough = 30;
    if (const std::time_t left = day - std::time(nullptr) % day; left < enough)
        std::this_thread::sleep_for(std::chrono::seconds{left});
}

class NoopAgainstLive : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) let_midnight_pass();
    }
    void TearDown() override {
        web_server_.stop();
        network_.reset();
        DanceTest::TearDown();
    }
    void make_root() override {
        in_root_ = make_debian_root(installed_, root(), "deb [trusted=yes] http://10.88.0.1:8080/ ./");
    }

    /// Makes a module of a script in real_work; the node wants it.
    void add(const std::string& script) {
        const fs::path file = real_work / script;
        const std::string module = file.stem();
        module_file(module, "scripts/" + script, sys::read_file(file), 0755);
        if (const auto settings = sys::read_file_if_exists(file.string() + ".sandbox")) {
            module_file(module, "sandbox", *settings);
            offer_packages();
        }
        std::istringstream lines{sys::read_file_if_exists(file.string() + ".varies").value_or("")};
        std::string path, reason;
        while (lines >> path && std::getline(lines >> std::ws, reason)) reasons_[path] = reason;
        want(module);
    }

    /// Two no-ops, then a live dance on a copy. Tells in what they differ; empty when what was told is what
    /// was done.
    [[nodiscard]] std::string objections() {
        const Snapshot before_noop = root_snapshot();
        const nlohmann::json told = dance(root(), "noop-state", {"--noop"});
        if (!reasons_.empty()) wait_for_the_next_second();
        const nlohmann::json told_again = dance(root(), "noop-state", {"--noop"});
        std::string found = section("the no-op changed the tree", difference(before_noop, root_snapshot()));

        const fs::path copy = place() / "copy";
        must_copy(root(), copy);
        live_ = dance(copy, "live-state", {});
        if (meddle_) meddle_(copy);
        const Snapshot before = contents(root()), after = with_json_paths(contents(copy));

        const VaryingPaths varying = listed();
        found += varying_section(varying_paths(told, told_again));
        found += section("told, done", difference(told_changes(told, varying), told_changes(live_, varying)));
        found +=
            section("the tree as told, the tree", difference(without_varying(as_told(before, told), varying),
                                                             without_varying(after, varying)));
        if (varying.empty() && told.at("fingerprint") != live_.at("fingerprint"))
            found += "the fingerprints differ\n";
        // The live report knows also what varies.
        found += section("the tree as the live report tells it, the tree",
                         difference(as_told(before, live_), after));
        for (const auto& [path, reason] : reasons_)
            std::cout << fmt::format("varies: {}: {}\n", path, reason);
        return found;
    }

    [[nodiscard]] std::size_t live_changes() const {
        std::size_t sum = 0;
        for (const auto& module : live_.at("modules")) sum += module.at("changes").size();
        return sum;
    }

    std::map<std::string, std::string> reasons_;  ///< varying path → why
    std::function<void(const fs::path&)> meddle_; ///< done to the copy after the live dance

private:
    [[nodiscard]] static std::string section(const char* heading, const std::string& text) {
        return text.empty() ? "" : fmt::format("{}:\n{}", heading, text);
    }
    [[nodiscard]] std::string varying_section(const VaryingPaths& found) const {
        std::string unlisted, steady;
        for (const std::string& path : found)
            if (!reasons_.contains(path)) unlisted += path + "\n";
        for (const auto& [path, reason] : reasons_)
            if (!found.contains(path) && !reason.starts_with("sometimes")) steady += path + "\n";
        return section("varies, but is not listed", unlisted) + section("listed, but does not vary", steady);
    }
    [[nodiscard]] VaryingPaths listed() const {
        VaryingPaths paths;
        for (const auto& [path, reason] : reasons_) paths.insert(path);
        return paths;
    }
    static void must_copy(const fs::path& from, const fs::path& to) {
        const auto copied = sys::run_program({.argv = {"cp", "-a", "--reflink=auto", from, to},
                                              .environment = {"PATH=/usr/bin:/bin"},
                                              .input = {},
                                              .timeout = std::chrono::minutes{1}});
        if (!copied.succeeded()) throw sys::Error{"cannot copy a tree: " + copied.error};
    }

    /// Its report. The default profile: what strict refuses is simulated.
    [[nodiscard]] nlohmann::json dance(const fs::path& tree, const char* state_name,
                                       std::vector<std::string> more) {
        std::vector<std::string> words = {
            "dance",       "--server",           server,   "--node", node, "--root", tree,
            "--state-dir", place() / state_name, "--json", "-"};
        words.insert(words.end(), more.begin(), more.end());
        const auto result = disco(std::move(words));
        if (!result.succeeded())
            throw sys::Error{fmt::format("exit {}: {}{}", result.exit, result.error, result.output)};
        return nlohmann::json::parse(result.output);
    }

    /// Packages that the root does not have, for apt and others, on another machine.
    void offer_packages() {
        if (network_) return;
        need({"/dev/net/tun", "/usr/bin/pasta", "/usr/bin/python3"});
        if (IsSkipped() || HasFatalFailure()) return;
        std::set<std::string> names = installed_.with_dependencies({"acl", "openssh-server", "rsync"});
        for (const std::string& name : in_root_) names.erase(name);
        const fs::path repository = place() / "repository";
        make_package_repository(installed_, names, repository);
        network_.emplace();
        const std::string log = place() / "web-server";
        network_->on_the_other_machine([&] {
            web_server_ = DaemonProcess{{"/usr/bin/python3", "-u", "-m", "http.server", "--bind", "10.88.0.1",
                                         "--directory", repository, "8080"},
                                        log};
        });
        for (int i = 0; i < 1000 && sys::read_file(log).find("Serving") == std::string::npos; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }

    InstalledPackages installed_;
    std::set<std::string> in_root_;
    std::optional<PrivateNetwork> network_;
    DaemonProcess web_server_;
    nlohmann::json live_;
};

class RealWork : public NoopAgainstLive, public testing::WithParamInterface<std::string> {};

TEST_P(RealWork, IsDoneAsTold) {
    add(GetParam());
    if (IsSkipped() || HasFatalFailure()) return;
    EXPECT_EQ(objections(), "");
    EXPECT_GT(live_changes(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Script, RealWork, testing::ValuesIn(scripts()), [](const auto& row) {
    std::string name = row.param;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
    return name;
});

TEST_F(NoopAgainstLive, AllScriptsInOneDanceAreDoneAsTold) {
    for (const std::string& script : scripts()) add(script);
    reasons_["/etc/shadow-"] = "is /etc/shadow as it was before, with a random salt in it";
    if (IsSkipped() || HasFatalFailure()) return;
    EXPECT_EQ(objections(), "");
}

TEST_F(NoopAgainstLive, TheExampleUniverseIsDoneAsTold) {
    server = source_tree() / "docs/examples/universe";
    node = "demo";
    put(root() / "etc/init.d/postgresql", "#!/bin/sh\necho \"postgresql: $1\"\n",
        0755); // what a module stops
    EXPECT_EQ(objections(), "");
    EXPECT_GT(live_changes(), 0U);
}

TEST_F(NoopAgainstLive, AScriptThatAsksWhetherItIsANoopIsFound) {
    script("liar", "10-liar.sh",
           "#!/bin/bash\nif [[ -n ${NOOP:-} ]]; then echo a; else echo b; fi >/etc/liar\n");
    want("liar");
    EXPECT_THAT(objections(), AllOf(HasSubstr("told, done:\n~ liar /etc/liar"),
                                    HasSubstr("the tree as told, the tree:\n~ /etc/liar")));
}

TEST_F(NoopAgainstLive, VaryingContentThatIsNotListedIsFound) {
    script("dice", "10-dice.sh", "#!/bin/bash\nod -An -N16 -tx1 /dev/urandom >/etc/dice\n");
    want("dice");
    EXPECT_THAT(objections(), HasSubstr("varies, but is not listed:\n/etc/dice\n"));
}

TEST_F(NoopAgainstLive, ListedPathsThatDoNotVaryAreFound) {
    script("steady", "10-steady.sh", "#!/bin/bash\necho always >/etc/steady\n");
    want("steady");
    reasons_["/etc/steady"] = "thought to be random";
    EXPECT_THAT(objections(), HasSubstr("listed, but does not vary:\n/etc/steady\n"));
}

TEST_F(NoopAgainstLive, ChangesThatNobodyToldOfAreFound) {
    script("plain", "10-plain.sh", "#!/bin/bash\necho told >/etc/plain\n");
    want("plain");
    meddle_ = [](const fs::path& tree) {
        put(tree / "etc/untold", "x");
        fs::remove(tree / "etc/fstab");
        put(tree / "etc/plain", "not what was told");
    };
    EXPECT_THAT(objections(), AllOf(HasSubstr("the tree as told, the tree:\n"), HasSubstr("- /etc/fstab"),
                                    HasSubstr("~ /etc/plain"), HasSubstr("+ /etc/untold")));
}

} // namespace
} // namespace disco::tests
