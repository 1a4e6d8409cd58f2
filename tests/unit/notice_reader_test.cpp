// What is found in the words of a script, and how much of them is kept.

#include "runner/module/notice_reader.hpp"
#include "runner/sandbox/output_collector.hpp"
#include "templates/template_output.hpp"

#include <gmock/gmock.h>

#include <fmt/format.h>

namespace disco {
namespace {

using model::NoticeKind;
using module::NoticeReader;
using sandbox::OutputCollector;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<model::Notice> read(std::initializer_list<std::string_view> pieces) {
    NoticeReader reader{"scripts/10-x.sh"};
    for (const std::string_view piece : pieces) reader.feed(piece);
    return reader.take();
}

TEST(Notices, TellWhatWouldHaveBeenExecuted) {
    const auto notices = read({"hello\nwarning: Would execute: service 'my db' stop\n"});
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_EQ(notices[0].kind, NoticeKind::would_execute);
    EXPECT_EQ(notices[0].text, "would execute: service 'my db' stop");
    EXPECT_THAT(notices[0].argv, ElementsAre("service", "my db", "stop"));
    EXPECT_EQ(notices[0].step, "scripts/10-x.sh");
}

TEST(Notices, AreFoundHoweverTheBytesCome) {
    EXPECT_EQ(read({"war", "ning: Would exe", "cute: reboot\nnext"}).size(), 1U);
    EXPECT_EQ(read({"warning: Would execute: reboot"}).size(), 1U) << "also without a newline at the end";
    EXPECT_EQ(read({"warning: Would execute: a\nwarning: Would execute: b\n"}).size(), 2U);
}

TEST(Notices, AreThereOnce) {
    EXPECT_EQ(read({"warning: Would execute: reboot\nwarning: Would execute: reboot\n"}).size(), 1U);
}

TEST(Notices, DropTheRemarkOfWhatIsNotInstalled) {
    const auto notices = read({"warning: Would execute: nginx -t  # not installed here\n"});
    EXPECT_THAT(notices.at(0).argv, ElementsAre("nginx", "-t"));
    EXPECT_THAT(notices.at(0).text, HasSubstr("not installed here"));
}

TEST(Notices, SurviveWordsThatAScriptPrintedItself) {
    EXPECT_THAT(read({"warning: Would execute: it's\n"}).at(0).argv, ElementsAre("it's"));
    EXPECT_THAT(read({"warning: Would execute: a\xff\n"}).at(0).argv, ElementsAre("\"a\\377\""));
}

TEST(Notices, AreLimited) {
    NoticeReader reader{"s"};
    for (std::size_t i = 0; i < NoticeReader::limit + 5; ++i)
        reader.feed(fmt::format("warning: Would execute: a {}\n", i));
    EXPECT_EQ(reader.take().size(), NoticeReader::limit);
}

class Refusal : public testing::TestWithParam<std::pair<const char*, bool>> {};

TEST_P(Refusal, OfTheRestrictedShellIsToldFromOtherLines) {
    const auto& [line, refused] = GetParam();
    const auto notices = read({line, "\n"});
    ASSERT_EQ(notices.size(), refused ? 1U : 0U);
    if (refused) {
        EXPECT_EQ(notices[0].kind, NoticeKind::restricted);
        EXPECT_THAT(notices[0].text, HasSubstr(line));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Line, Refusal,
    testing::Values(std::pair{"/run/disco/module/scripts/10-x.sh: line 3: cd: restricted", true},
                    std::pair{"x.sh: line 12: /dev/null: restricted: cannot redirect output", true},
                    std::pair{"x.sh: line 1: /bin/ls: restricted: cannot specify `/' in command names", true},
                    std::pair{"x.sh: line 4: PATH: readonly variable", true},
                    std::pair{"x.sh: line 4: mine: readonly variable", false},
                    std::pair{"x.sh: line 4: cd: no such directory", false},
                    std::pair{"cd: restricted", false}, std::pair{"x: line y: cd: restricted", false},
                    std::pair{"x: line 4: cd: restricteds", false},
                    std::pair{"access is restricted", false}));

TEST(Notices, FindRefusalsOfPathsWithNewlines) {
    const auto notices = read({"x.sh: line 3: /srv/new\nline/x: restricted: cannot redirect output\n"});
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_EQ(notices[0].kind, NoticeKind::restricted);
    EXPECT_THAT(notices[0].text, HasSubstr("line 3: /srv/new line/x: restricted"));
    EXPECT_THAT(read({"x.sh: line 3: /srv/new\nx.sh: line 4: /srv/other\nno: restriction\n"}), IsEmpty());
    EXPECT_THAT(read({"/srv/new\nline/x: restricted: cannot redirect output\n"}), IsEmpty());
}

TEST(OutputCollector, KeepsShortOutputWhole) {
    OutputCollector collector;
    collector.append("a\n");
    collector.append(std::string(OutputCollector::head_limit, 'x'));
    EXPECT_EQ(collector.text(), "a\n" + std::string(OutputCollector::head_limit, 'x'));
}

TEST(OutputCollector, CutsLongOutputInTheMiddleAndSaysHowMuch) {
    OutputCollector collector;
    constexpr std::size_t total = 3 << 20, piece = 1000;
    std::string all = "first" + std::string(total, 'm') + "last";
    for (std::size_t at = 0; at < all.size(); at += piece)
        collector.append(std::string_view{all}.substr(at, piece));
    const std::string text = collector.text();
    EXPECT_TRUE(text.starts_with("first"));
    EXPECT_TRUE(text.ends_with("last"));
    const std::size_t left_out = all.size() - OutputCollector::head_limit - OutputCollector::tail_limit;
    EXPECT_THAT(text, HasSubstr(fmt::format("[… {} bytes left out …]", left_out)));
    EXPECT_LT(text.size(), OutputCollector::head_limit + OutputCollector::tail_limit + 100);
}

TEST(TemplateOutput, MustBeText) {
    EXPECT_EQ(templates::objection("x"), std::nullopt);
    EXPECT_EQ(templates::objection("\n"), std::nullopt);
    EXPECT_THAT(templates::objection("").value_or(""), HasSubstr("printed nothing"));
    EXPECT_THAT(templates::objection(std::string_view{"ab\0c", 4}).value_or(""),
                HasSubstr("NUL byte at offset 2"));
}

} // namespace
} // namespace disco
