// What the program logs, and where it is told how much.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LogLevelsTest : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        want("hello");
        module_file("hello", "files/etc/hello", "hello\n");
    }

    /// A no-op with `variables` in its environment; `before`: words that run it.
    [[nodiscard]] sys::ProgramResult dance(const std::vector<std::string>& variables,
                                           const std::vector<std::string>& options,
                                           std::vector<std::string> before = {}) const {
        std::vector<std::string> more = {"--noop"};
        more.insert(more.end(), options.begin(), options.end());
        sys::ProgramSpec spec;
        spec.argv = std::move(before);
        for (std::string& word : dance_words(more)) spec.argv.push_back(std::move(word));
        spec.environment = {"PATH=" + search_path};
        spec.environment.insert(spec.environment.end(), variables.begin(), variables.end());
        return sys::run_program(spec);
    }
    /// The same where the journal reads standard error.
    [[nodiscard]] sys::ProgramResult dance_for_journal(const std::vector<std::string>& options) const {
        return dance(
            {}, options,
            {"sh", "-c", R"(export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec "$@")", "-"});
    }
};

TEST_F(LogLevelsTest, NothingIsLoggedThatNobodyAskedFor) {
    const auto done = dance({}, {});
    EXPECT_EQ(done.exit, 0);
    EXPECT_THAT(done.error, IsEmpty());
}

TEST_F(LogLevelsTest, TheEnvironmentSaysHowMuch) {
    const auto done = dance({"DISCO_LOG=debug"}, {});
    EXPECT_EQ(done.exit, 0);
    const auto id = last_report().at("run").at("id").get<std::string>();
    EXPECT_THAT(done.error, AllOf(HasSubstr("disco: debug: running rsync "),
                                  HasSubstr("disco: debug: module 'hello': changed\n"),
                                  HasSubstr("disco: info: run " + id + " begins")));
    EXPECT_THAT(done.output, Not(HasSubstr("debug")));
}

TEST_F(LogLevelsTest, TheOptionBeatsTheEnvironment) {
    const auto done = dance({"DISCO_LOG=trace"}, {"--log-level", "info"});
    const auto id = last_report().at("run").at("id").get<std::string>();
    EXPECT_EQ(done.error, "disco: info: run " + id + " begins: disco-run, noop, on '" + root().string() +
                              "'\ndisco: info: run " + id + " ends: pending, exit code 0\n");
    EXPECT_EQ(dance({"DISCO_LOG=nonsense"}, {"--log-level", "error"}).error, "");
}

TEST_F(LogLevelsTest, NoSuchLevelIsAUsageErrorThatNamesThem) {
    const auto by_option = dance({}, {"--log-level", "loud"}), by_variable = dance({"DISCO_LOG=loud"}, {});
    for (const auto& refused : {by_option, by_variable}) {
        EXPECT_EQ(refused.exit, 64);
        EXPECT_THAT(refused.error,
                    ContainsRegex("^disco: error: .*loud.*trace.*debug.*info.*warning.*error"));
    }
    EXPECT_THAT(by_option.error, HasSubstr("--log-level"));
    EXPECT_THAT(by_variable.error, HasSubstr("DISCO_LOG"));
}

TEST_F(LogLevelsTest, TheJournalGetsPriorities) {
    const auto done = dance_for_journal({"--log-level", "debug"});
    EXPECT_EQ(done.exit, 0);
    EXPECT_THAT(done.error, AllOf(HasSubstr("<7>disco: debug: "), HasSubstr("<6>disco: info: run ")));
    const auto failed = dance_for_journal({"--server", (place() / "missing").string()});
    EXPECT_NE(failed.exit, 0);
    EXPECT_THAT(failed.error, ContainsRegex("^<3>disco: error: "));
}

TEST_F(LogLevelsTest, AFailedRunIsAnErrorInTheJournal) {
    script("hello", "10-fails.sh", "#!/bin/bash\nexit 3\n");
    const auto failed = dance_for_journal({});
    EXPECT_EQ(failed.exit, 4);
    const auto id = last_report().at("run").at("id").get<std::string>();
    EXPECT_THAT(failed.error, ContainsRegex("^<3>disco: error: run " + id +
                                            ": failed, exit code 4: module 'hello': .*10-fails.sh.*; "
                                            "`disco report " +
                                            id + "` shows all\n$"));
    EXPECT_THAT(dance({}, {}).error, IsEmpty()); // people read the report
}

} // namespace
} // namespace disco::tests
