// A merge, a rollback and a recovery are killed at every system call that changes something, or that call
// fails; afterwards the tree is exactly the old one or exactly the new one.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/every_kind.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/throw_away.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

enum class Layout { one_file_system, state_elsewhere, home_elsewhere };

class Sweep : public DanceTest, public testing::WithParamInterface<Layout> {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directories(root() / "home");
        fs::create_directories(state());
        if (GetParam() == Layout::state_elsewhere) mount(state());
        if (GetParam() == Layout::home_elsewhere) mount(root() / "home");
        ASSERT_EQ(::chdir(root().c_str()), 0);
    }
    void TearDown() override {
        ASSERT_EQ(::chdir("/"), 0);
        // What a killed run has left goes with the next; here nobody comes.
        for (const auto& left : fs::directory_iterator{state() / "scratch"}) fs::remove_all(left);
        for (const fs::path& mounted : mounted_) EXPECT_EQ(::umount2(mounted.c_str(), MNT_DETACH), 0);
        DanceTest::TearDown();
    }
    void mount(const fs::path& at) {
        sys::check(::mount("disco-test", at.c_str(), "tmpfs", 0, "mode=0755"), "mount", at);
        mounted_.push_back(at);
    }
    void bash(const std::string& script) {
        const sys::ProgramResult result =
            sys::run_program({.argv = {"/bin/bash", "-ec", script},
                              .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                              .input = {},
                              .timeout = std::chrono::seconds{60}});
        if (!result.succeeded()) throw sys::Error{fmt::format("the test's script fails: {}", result.error)};
    }
    /// The tree and the state as at the start.
    void reset() {
        bash(fmt::format("rm -rf srv home/* {0}/undo {0}/runs/* {0}/scratch/*", state().string()));
        bash(furnish_every_kind);
    }
    [[nodiscard]] std::vector<std::string> merge_words() const {
        return {disco_binary(), "exec",  "--merge", "--quiet",   "--root", root(),
                "--state-dir",  state(), "--",      "/bin/bash", "-c",     change_every_kind};
    }
    [[nodiscard]] std::vector<std::string> words(const std::string& command) const {
        return {disco_binary(), command, "--state-dir", state()};
    }
    [[nodiscard]] sys::ProgramResult recover() const { return disco({"recover", "--state-dir", state()}); }
    void merge() {
        const auto result = sys::run_program({.argv = merge_words(),
                                              .environment = {"PATH=" + search_path},
                                              .input = {},
                                              .timeout = std::chrono::seconds{60}});
        ASSERT_EQ(result.exit, 0) << result.output << result.error;
    }
    /// Nothing is open any more, and nothing of disco's is in the tree.
    void expect_recovered() {
        if (!fs::exists(state() / "undo")) return;
        for (const auto& run : fs::directory_iterator{state() / "undo"})
            EXPECT_TRUE(!run.is_directory() || fs::exists(run.path() / "record")) << run.path();
        EXPECT_FALSE(fs::exists(state() / "changed-meanwhile"));
    }
    std::vector<ChangingCall> merge_calls() {
        reset();
        merge(); // so that the state's directories are there: a run is to make the same calls each time
        reset();
        return changing_calls(merge_words(), (state() / "undo").string(), place() / "strace");
    }

    /// Where everything is copied as well there are three times as many; the two layouts take turns.
    static std::vector<ChangingCall> to_try(const std::vector<ChangingCall>& calls) {
        if (GetParam() == Layout::one_file_system) return calls;
        return sample_of(calls, 4, GetParam() == Layout::state_elsewhere ? 0 : 2);
    }
    std::vector<fs::path> mounted_;
};

TEST_P(Sweep, AMergeKilledAnywhere) {
    const auto calls = merge_calls();
    const Snapshot merged = contents(root());
    ASSERT_GT(calls.size(), 50U);
    std::size_t old_ones = 0, new_ones = 0;
    for (const ChangingCall& call : to_try(calls)) {
        reset();
        const Snapshot before = restorable(root());
        EXPECT_EQ(run_with_fault(merge_words(), call, "signal=KILL").signal, SIGKILL) << call.line;
        const auto recovered = recover();
        EXPECT_EQ(recovered.exit, 0) << call.line << "\n" << recovered.error;
        if (difference(merged, contents(root())).empty()) {
            ++new_ones;
        } else {
            ++old_ones;
            EXPECT_EQ(difference(before, restorable(root())), "") << "killed at " << call.line;
        }
        expect_recovered();
        if (HasFailure()) break;
    }
    EXPECT_GT(old_ones, 0U);
    EXPECT_GT(new_ones, 0U);
}

TEST_P(Sweep, AMergeWithAnErrorAnywhere) {
    const auto calls = merge_calls();
    const Snapshot merged = contents(root());
    std::size_t turn = 0;
    for (const ChangingCall& call : to_try(calls)) {
        // They take turns.
        std::vector<const char*> errors = {"ENOSPC", "EIO", "EPERM", "EROFS", "ESTALE"};
        if (!every_point()) errors = {errors[turn++ % errors.size()]};
        for (const char* error : errors) {
            reset();
            const Snapshot before = restorable(root());
            const auto result = run_with_fault(merge_words(), call, fmt::format("error={}", error));
            const std::string at =
                fmt::format("{} at {}\n{}{}", error, call.line, result.output, result.error);
            ASSERT_EQ(result.signal, 0) << at;
            if (result.exit == 0)
                EXPECT_EQ(difference(merged, contents(root())), "") << at;
            else
                EXPECT_EQ(difference(before, restorable(root())), "") << at;
            EXPECT_EQ(recover().exit, 0) << at;
            expect_recovered();
            if (HasFailure()) return;
        }
    }
}

TEST_P(Sweep, ARollbackKilledAnywhere) {
    reset();
    merge();
    const auto calls = changing_calls(words("rollback"), (state() / "undo").string(), place() / "strace");
    for (const ChangingCall& call : to_try(calls)) {
        reset();
        const Snapshot before = contents(root());
        merge();
        const Snapshot merged = restorable(root());
        EXPECT_EQ(run_with_fault(words("rollback"), call, "signal=KILL").signal, SIGKILL) << call.line;
        EXPECT_EQ(recover().exit, 0) << call.line;
        if (!difference(before, contents(root())).empty()) {
            EXPECT_EQ(difference(merged, restorable(root())), "") << "killed at " << call.line;
            const auto again = disco({"rollback", "--state-dir", state()});
            EXPECT_EQ(again.exit, 0) << call.line << "\n" << again.output << again.error;
            EXPECT_EQ(difference(before, contents(root())), "") << "killed at " << call.line;
        }
        expect_recovered();
        if (HasFailure()) break;
    }
}

TEST_P(Sweep, ARecoveryKilledAnywhere) {
    // Crashes in the middle, right before the commit, and right after.
    const auto calls = merge_calls();
    const Snapshot merged = contents(root());
    std::vector<ChangingCall> renames;
    for (const ChangingCall& call : calls)
        if (call.name == "renameat2") renames.push_back(call);
    ASSERT_GT(renames.size(), 5U);
    std::vector<ChangingCall> crashes = {renames[renames.size() / 2], calls.back()};
    for (const ChangingCall& call : calls)
        if (call.line.find("committed") != std::string::npos) crashes.push_back(call);
    for (const ChangingCall& crash : crashes) {
        const auto crashed = [&] {
            reset();
            Snapshot before = restorable(root());
            EXPECT_EQ(run_with_fault(merge_words(), crash, "signal=KILL").signal, SIGKILL);
            return before;
        };
        (void)crashed();
        for (const ChangingCall& call :
             to_try(changing_calls(words("recover"), (state() / "undo").string(), place() / "strace"))) {
            const Snapshot before = crashed();
            EXPECT_EQ(run_with_fault(words("recover"), call, "signal=KILL").signal, SIGKILL) << call.line;
            EXPECT_EQ(recover().exit, 0) << call.line;
            if (!difference(merged, contents(root())).empty()) {
                EXPECT_EQ(difference(before, restorable(root())), "")
                    << "crash at " << crash.line << "\nrecovery killed at " << call.line;
            }
            expect_recovered();
            if (HasFailure()) return;
        }
    }
}

std::string name_of(const testing::TestParamInfo<Layout>& layout) {
    switch (layout.param) {
    case Layout::one_file_system: return "OneFileSystem";
    case Layout::state_elsewhere: return "StateElsewhere";
    case Layout::home_elsewhere: return "HomeElsewhere";
    }
    return "";
}

INSTANTIATE_TEST_SUITE_P(On, Sweep,
                         testing::Values(Layout::one_file_system, Layout::state_elsewhere,
                                         Layout::home_elsewhere),
                         name_of);

} // namespace
} // namespace disco::tests
