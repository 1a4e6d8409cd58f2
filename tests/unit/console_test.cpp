// What people see while a dance runs and after it: lines with names, reports in their places, colours.

#include "runner/cli/console.hpp"
#include "runner/cli/run_view.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/example_run.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace disco::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Piece {
    const char *module, *bytes;
};

std::string shown(const std::vector<Piece>& pieces, bool quiet = false) {
    testing::internal::CaptureStderr();
    {
        OutputStream stream{quiet};
        for (const auto& [module, bytes] : pieces) stream.pass(module, bytes);
    }
    return testing::internal::GetCapturedStderr();
}

struct StreamRow {
    const char* name;
    std::vector<Piece> pieces;
    const char* expected;
};
class Stream : public testing::TestWithParam<StreamRow> {};

TEST_P(Stream, ShowsLinesWithTheirModules) { EXPECT_EQ(shown(GetParam().pieces), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Of, Stream,
    testing::Values(StreamRow{"nothing", {}, ""}, StreamRow{"one_line", {{"m", "a\n"}}, "m | a\n"},
                    StreamRow{"two_lines_at_once", {{"m", "a\nb\n"}}, "m | a\nm | b\n"},
                    StreamRow{"an_empty_line", {{"m", "a\n\nb\n"}}, "m | a\nm | \nm | b\n"},
                    StreamRow{
                        "a_line_in_pieces", {{"m", "a"}, {"m", "b"}, {"m", "c\nd\n"}}, "m | abc\nm | d\n"},
                    StreamRow{"a_character_in_pieces", {{"m", "\xc3"}, {"m", "\xbc\n"}}, "m | ü\n"},
                    StreamRow{"no_newline_at_the_end", {{"m", "a"}}, "m | a\n"},
                    StreamRow{"another_module_ends_the_line", {{"m", "a"}, {"n", "b\n"}}, "m | a\nn | b\n"},
                    StreamRow{"a_command_without_a_name", {{"", "a\n"}}, "a\n"},
                    StreamRow{"control_characters", {{"m", "\033[2J\a\n"}}, "m | \\033[2J\\007\n"},
                    StreamRow{"progress", {{"m", "0%\r50"}, {"m", "%\r\rDone\n"}}, "m | Done\n"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Stream, IsSilentWhenQuiet) { EXPECT_EQ(shown({{"m", "a\n"}, {"m", "b"}}, true), ""); }

TEST(Stream, ShowsWhatALineThatNeverEndsHas) {
    const std::string part(5000, 'x');
    testing::internal::CaptureStderr();
    OutputStream stream{false};
    stream.pass("m", part);
    stream.pass("m", part);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "m | " + part + part + "\n");
}

/// Sets a variable for the time of a test; nullptr unsets it.
class Variable {
public:
    Variable(const char* name, const char* value) : name_{name} {
        if (const char* old = std::getenv(name)) old_ = old;
        set(value);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { set(old_ ? old_->c_str() : nullptr); }

private:
    void set(const char* value) const {
        if (value == nullptr)
            ::unsetenv(name_);
        else
            ::setenv(name_, value, 1);
    }
    const char* name_;
    std::optional<std::string> old_;
};

/// A new terminal, 72 columns wide; the first is the one that programs see.
class Terminal {
public:
    Terminal() : master_{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)} {
        sys::check(::grantpt(master_.get()), "grant a terminal");
        sys::check(::unlockpt(master_.get()), "unlock a terminal");
        slave_ = sys::UniqueFd{::open(::ptsname(master_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC)};
        const winsize size = {.ws_row = 20, .ws_col = 72, .ws_xpixel = 0, .ws_ypixel = 0};
        sys::check(::ioctl(master_.get(), TIOCSWINSZ, &size), "set the size of a terminal");
    }
    [[nodiscard]] int fd() const { return slave_.get(); }

private:
    sys::UniqueFd master_, slave_;
};

struct ColorRow {
    const char* name;
    Color asked;
    const char *term, *no_color;
    bool on_terminal, in_file;
};
class Colors : public testing::TestWithParam<ColorRow> {};

TEST_P(Colors, AreForWhoCanSeeThem) {
    const ColorRow& row = GetParam();
    const Variable term{"TERM", row.term}, no_color{"NO_COLOR", row.no_color};
    const Terminal terminal;
    const sys::UniqueFd file{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
    EXPECT_EQ(text_style({.color = row.asked, .targets = {}}, terminal.fd()).color, row.on_terminal);
    EXPECT_EQ(text_style({.color = row.asked, .targets = {}}, file.get()).color, row.in_file);
}

INSTANTIATE_TEST_SUITE_P(
    When, Colors,
    testing::Values(ColorRow{"nothing_was_asked_for", Color::automatic, "xterm", nullptr, true, false},
                    ColorRow{"no_color_is_set", Color::automatic, "xterm", "", false, false},
                    ColorRow{"the_terminal_is_dumb", Color::automatic, "dumb", nullptr, false, false},
                    ColorRow{"the_terminal_is_not_known", Color::automatic, nullptr, nullptr, false, false},
                    ColorRow{"they_are_asked_for", Color::always, "dumb", "1", true, true},
                    ColorRow{"they_are_refused", Color::never, "xterm", nullptr, false, false}),
    [](const auto& row) { return std::string{row.param.name}; });

struct LocaleRow {
    const char* name;
    const char *all, *type, *lang;
    bool ascii;
};
class Locale : public testing::TestWithParam<LocaleRow> {};

TEST_P(Locale, DecidesAboutCharacters) {
    const Variable all{"LC_ALL", GetParam().all}, type{"LC_CTYPE", GetParam().type},
        lang{"LANG", GetParam().lang};
    EXPECT_EQ(text_style({.targets = {}}, -1).ascii, GetParam().ascii);
}

INSTANTIATE_TEST_SUITE_P(Of, Locale,
                         testing::Values(LocaleRow{"none", nullptr, nullptr, nullptr, false},
                                         LocaleRow{"c", "C", nullptr, nullptr, true},
                                         LocaleRow{"utf8", nullptr, nullptr, "de_DE.UTF-8", false},
                                         LocaleRow{"c_utf8", "C.utf8", nullptr, "C", false},
                                         LocaleRow{"latin", nullptr, "de_DE.ISO-8859-1", "de_DE.UTF-8", true},
                                         LocaleRow{"empty", "", "", "POSIX", true}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(TextStyle, TakesWidthAndDetail) {
    const Terminal terminal;
    const sys::UniqueFd file{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
    EXPECT_EQ(text_style({.targets = {}}, terminal.fd()).width, 72U);
    EXPECT_EQ(text_style({.targets = {}}, file.get()).width, 80U);
    EXPECT_EQ(text_style({.detail = report::Detail::stat, .targets = {}}, file.get()).detail,
              report::Detail::stat);
}

TEST(WriteTo, DoesNotMindAReaderThatHasEnough) {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const sys::UniqueFd writer{ends[1]};
    { const sys::UniqueFd reader{ends[0]}; }
    EXPECT_NO_THROW(write_to(writer.get(), "text"));
    EXPECT_THROW(write_to(-1, "text"), sys::SysError);
    EXPECT_NO_THROW(write_to(-1, ""));
}

/// What a result prints, on standard output and on standard error.
struct Printed {
    std::string out, err;
};

Printed printed(tests::ExampleRun sample, const Output& output) {
    const run::Result result{std::move(sample.run),
                             std::make_unique<report::ChangeLog>(std::move(sample.changes))};
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    RunView{output}.print_result(result);
    return {testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(PrintResult, GivesPeopleTheirReport) {
    const Printed result = printed(tests::example_run(), {.targets = {}});
    EXPECT_THAT(result.out, StartsWith("disco-run  web1"));
    EXPECT_EQ(result.err, "");
}

TEST(PrintResult, LeavesStandardOutputToJson) {
    const Printed result = printed(tests::example_run(), {.targets = {{ReportFormat::json, "-"}}});
    EXPECT_EQ(nlohmann::json::parse(result.out).at("run").at("node"), "web1");
    EXPECT_THAT(result.err, StartsWith("disco-run  web1"));
}

TEST(PrintResult, ReplacesAFileWithJson) {
    const sys::OwnedDirectory directory{std::filesystem::temp_directory_path(), "console-test-"};
    const std::string file = directory.path() / "report.json";
    sys::write_file(file, std::string(1 << 20, 'x'), 0600);
    const Printed result = printed(tests::example_run(), {.targets = {{ReportFormat::json, file}}});
    EXPECT_EQ(nlohmann::json::parse(sys::read_file(file)).at("run").at("node"), "web1");
    EXPECT_THAT(result.out, StartsWith("disco-run  web1"));
    EXPECT_THROW((void)printed(tests::example_run(), {.targets = {{ReportFormat::json, "/nonexistent/x"}}}),
                 sys::SysError);
    (void)testing::internal::GetCapturedStdout();
    (void)testing::internal::GetCapturedStderr();
}

TEST(PrintResult, WritesEveryReportThatIsAskedFor) {
    const sys::OwnedDirectory directory{std::filesystem::temp_directory_path(), "console-test-"};
    const std::string one = directory.path() / "one", other = directory.path() / "other";
    using enum ReportFormat;
    const Printed result =
        printed(tests::example_run(), {.targets = {{json, one}, {json, "-"}, {json, other}}});
    EXPECT_EQ(nlohmann::json::parse(result.out).at("run").at("node"), "web1");
    EXPECT_EQ(sys::read_file(one), result.out);
    EXPECT_EQ(sys::read_file(other), result.out);
    EXPECT_THAT(result.err, StartsWith("disco-run  web1"));
}

TEST(PrintResult, WritesWhatCanBeWrittenAndSaysWhatCannot) {
    const sys::OwnedDirectory directory{std::filesystem::temp_directory_path(), "console-test-"};
    const std::string file = directory.path() / "report";
    using enum ReportFormat;
    EXPECT_THROW((void)printed(tests::example_run(), {.targets = {{json, "/nonexistent/first"},
                                                                  {json, "/nonexistent/second"},
                                                                  {json, file}}}),
                 sys::SysError);
    (void)testing::internal::GetCapturedStdout();
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("/nonexistent/second"));
    EXPECT_EQ(nlohmann::json::parse(sys::read_file(file)).at("run").at("node"), "web1");
}

TEST(PrintResult, OfARunWithoutModulesIsItsReason) {
    tests::ExampleRun sample;
    sample.run.failure = "the server is gone";
    const Printed result = printed(std::move(sample), {.targets = {}});
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "disco: error: the server is gone\n");
}

} // namespace
} // namespace disco::cli
