// The log: levels, what a line looks like to people and to the journal.

#include "runner/cli/log.hpp"
#include "runner/model/words.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/unique_fd.hpp"
#include "tests/support/journal_place.hpp"

#include <array>
#include <cstdlib>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

namespace disco::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using namespace std::string_literals;

TEST(LogLevels, AreFoundByTheirNames) {
    for (const LogLevel level : model::all_values<LogLevel>())
        EXPECT_EQ(parse_log_level(to_string(level)), level);
    for (const char* name : {"", "Warning", "warn", "critical", "off", "warning "})
        EXPECT_EQ(parse_log_level(name), std::nullopt) << name;
}

TEST(LogLevels, OfTheOptionBeatThoseOfTheEnvironment) {
    EXPECT_EQ(log_level_from(LogLevel::error, "debug"), LogLevel::error);
    EXPECT_EQ(log_level_from(LogLevel::trace, "nonsense"), LogLevel::trace);
    EXPECT_EQ(log_level_from(std::nullopt, "debug"), LogLevel::debug);
    EXPECT_EQ(log_level_from(std::nullopt, ""), LogLevel::warning);
    EXPECT_EQ(log_level_from(std::nullopt, nullptr), LogLevel::warning);
}

TEST(LogLevels, ThatDoNotExistAreAnErrorThatNamesThoseThatDo) {
    try {
        (void)log_level_from(std::nullopt, "lou\ad");
        FAIL() << "accepted";
    } catch (const sys::UsageError& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("DISCO_LOG"), HasSubstr("lou\\007d"),
                                        HasSubstr("trace, debug, info, warning or error")));
    }
}

TEST(LogLines, NameTheirLevelToPeople) {
    EXPECT_EQ(log_lines(LogLevel::trace, "a", LogReader::people), "disco: trace: a\n");
    EXPECT_EQ(log_lines(LogLevel::info, "a", LogReader::people), "disco: info: a\n");
    EXPECT_EQ(log_lines(LogLevel::warning, "a\nb", LogReader::people), "disco: warning: a\nb\n");
    EXPECT_EQ(log_lines(LogLevel::error, "", LogReader::people), "disco: error: \n");
}

TEST(LogLines, HaveTheirPriorityInTheJournal) {
    EXPECT_EQ(log_lines(LogLevel::trace, "a", LogReader::journal), "<7>disco: trace: a\n");
    EXPECT_EQ(log_lines(LogLevel::debug, "a", LogReader::journal), "<7>disco: debug: a\n");
    EXPECT_EQ(log_lines(LogLevel::info, "a", LogReader::journal), "<6>disco: info: a\n");
    EXPECT_EQ(log_lines(LogLevel::warning, "a", LogReader::journal), "<4>disco: warning: a\n");
    // Each line is an entry of its own there, and none may choose its priority.
    EXPECT_EQ(log_lines(LogLevel::error, "a\n<0>b", LogReader::journal), "<3>disco: error: a\n<3><0>b\n");
}

TEST(LogLines, NameTheirRunInTheJournal) {
    const LogFields fields = {{"DISCO_NODE", "web1"}, {"DISCO_RUN", "20260131T235959Z-0a1b"}};
    EXPECT_EQ(log_lines(LogLevel::warning, "a\nb", LogReader::journal, fields),
              "<4>disco: warning: run 20260131T235959Z-0a1b: a\n<4>b\n");
    EXPECT_EQ(log_lines(LogLevel::warning, "a", LogReader::people, fields), "disco: warning: a\n");
}

TEST(LogFields, AreTheRunAndItsNodeAsTheLogIsNamed) {
    EXPECT_EQ(fields_of_log("20260131T235959Z-0a1b web1"),
              (LogFields{{"DISCO_RUN", "20260131T235959Z-0a1b"}, {"DISCO_NODE", "web1"}}));
    EXPECT_EQ(fields_of_log("disco"), LogFields{});
    EXPECT_EQ(fields_of_log(""), LogFields{});
}

TEST(LogReaders, AreTheJournalWhereItsStreamIsTheFile) {
    EXPECT_EQ(reader_of("9:1234", 9, 1234), LogReader::journal);
    for (const char* other : {"9:12345", "19:1234", "9:123", ":1234", "9", "", "9:1234 ", "0x9:1234"})
        EXPECT_EQ(reader_of(other, 9, 1234), LogReader::people) << other;
    EXPECT_EQ(reader_of(nullptr, 9, 1234), LogReader::people);
}

/// What is written to standard error, which is a socket meanwhile: the journal's, or another.
class Log : public testing::Test {
protected:
    void SetUp() override {
        std::array<int, 2> ends = {-1, -1};
        sys::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "make", "sockets");
        reading_ = sys::UniqueFd{ends[0]};
        writing_ = sys::UniqueFd{ends[1]};
        own_ = sys::UniqueFd{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
        sys::check(::dup2(writing_.get(), STDERR_FILENO), "replace", "standard error");
        set_up_log("/nonexistent/journal");
    }
    void TearDown() override {
        ::dup2(own_.get(), STDERR_FILENO);
        ::unsetenv("JOURNAL_STREAM");
        set_up_log();
    }
    void let_it_be_the_journals() const {
        struct stat file = {};
        sys::check(::fstat(writing_.get(), &file), "look at", "a socket");
        ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", file.st_dev, file.st_ino).c_str(), 1);
    }
    [[nodiscard]] std::string written() const {
        std::string bytes(4096, '\0');
        const ssize_t got = ::recv(reading_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return bytes;
    }

private:
    sys::UniqueFd reading_, writing_, own_;
};

TEST_F(Log, ShowsWarningsAndErrors) {
    spdlog::debug("{} is not shown", "this");
    spdlog::info("nor this");
    spdlog::warn("{} is", "a warning");
    spdlog::error("an error is");
    write_log(LogLevel::error, "so is another");
    EXPECT_EQ(written(),
              "disco: warning: a warning is\ndisco: error: an error is\ndisco: error: so is another\n");
}

TEST_F(Log, ShowsMoreOrLessWhenTold) {
    show_log_from(LogLevel::trace);
    spdlog::trace("a");
    spdlog::debug("b");
    show_log_from(LogLevel::error);
    spdlog::warn("c");
    spdlog::error("d");
    EXPECT_EQ(written(), "disco: trace: a\ndisco: debug: b\ndisco: error: d\n");
}

TEST_F(Log, SendsTheJournalEntries) {
    const tests::JournalPlace journal;
    set_up_log(journal.socket());
    let_it_be_the_journals();
    spdlog::warn("a\nb");
    write_log(LogLevel::error, "c", {{"DISCO_PATH", "/etc/motd"}});
    EXPECT_EQ(journal.entries(), "MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\nPRIORITY=4\nSYSLOG_IDENTIFIER=disco\n\n"
                                 "MESSAGE=c\nPRIORITY=3\nSYSLOG_IDENTIFIER=disco\nDISCO_PATH=/etc/motd\n"s);
    EXPECT_EQ(written(), "");
    spdlog::set_default_logger(spdlog::default_logger()->clone("20260131T235959Z-0a1b web1"));
    spdlog::error("d");
    EXPECT_EQ(journal.entries(), "MESSAGE=d\nPRIORITY=3\nSYSLOG_IDENTIFIER=disco\n"
                                 "DISCO_RUN=20260131T235959Z-0a1b\nDISCO_NODE=web1\n");
}

TEST_F(Log, IsForPeopleWhereTheJournalIsAnothers) {
    const tests::JournalPlace journal;
    set_up_log(journal.socket());
    spdlog::warn("a");
    EXPECT_EQ(written(), "disco: warning: a\n");
    EXPECT_EQ(journal.entries(), "");
}

TEST_F(Log, TellsAJournalThatTakesNoEntriesPriorities) {
    let_it_be_the_journals();
    spdlog::warn("a");
    spdlog::error("b");
    EXPECT_EQ(written(), "<4>disco: warning: a\n<3>disco: error: b\n");
}

TEST_F(Log, TellsNobodyElsePriorities) {
    ::setenv("JOURNAL_STREAM", "1:1", 1);
    spdlog::warn("a");
    EXPECT_EQ(written(), "disco: warning: a\n");
}

} // namespace
} // namespace disco::cli
