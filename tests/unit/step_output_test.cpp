// What a step prints: the bytes that are kept at the edges of the limits, and notices among odd lines.

#include "runner/module/notice_reader.hpp"
#include "runner/sandbox/output_collector.hpp"

#include <gmock/gmock.h>

namespace disco {
namespace {

using module::NoticeReader;
using sandbox::OutputCollector;

constexpr std::size_t head = OutputCollector::head_limit, tail = OutputCollector::tail_limit;

/// Bytes whose place can be told from their values.
std::string pattern(std::size_t size) {
    std::string bytes(size, ' ');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + i * 7 % 26 + (i >> 10) % 5);
    return bytes;
}

struct CutRow {
    const char* name;
    std::size_t size, left_out;
};
class Kept : public testing::TestWithParam<CutRow> {};

TEST_P(Kept, IsTheBeginningAndTheEnd) {
    const std::string all = pattern(GetParam().size);
    std::string expected = all;
    if (const std::size_t gap = GetParam().left_out; gap != 0)
        expected = all.substr(0, head) + "\n[… " + std::to_string(gap) + " bytes left out …]\n" +
                   all.substr(all.size() - tail);
    for (const std::size_t piece : {all.size() + 1, std::size_t{1000}, std::size_t{65536}}) {
        OutputCollector collector;
        for (std::size_t at = 0; at < all.size(); at += piece)
            collector.append(std::string_view{all}.substr(at, piece));
        EXPECT_TRUE(collector.text() == expected) << "in pieces of " << piece;
        EXPECT_TRUE(collector.text() == expected) << "asked again";
    }
}

INSTANTIATE_TEST_SUITE_P(Of, Kept,
                         testing::Values(CutRow{"nothing", 0, 0}, CutRow{"one_byte", 1, 0},
                                         CutRow{"a_full_head", head, 0}, CutRow{"one_more", head + 1, 0},
                                         CutRow{"all_there_is_room_for", head + tail, 0},
                                         CutRow{"one_byte_too_much", head + tail + 1, 1},
                                         CutRow{"as_much_as_is_held", head + 2 * tail, tail},
                                         CutRow{"more_than_is_held", head + 2 * tail + 1, tail + 1},
                                         CutRow{"very_much", head + 9 * tail + 5, 8 * tail + 5}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(Kept, GrowsAfterItWasLookedAt) {
    OutputCollector collector;
    collector.append("a");
    EXPECT_EQ(collector.text(), "a");
    collector.append("b");
    EXPECT_EQ(collector.text(), "ab");
}

std::vector<model::Notice> notices(std::string_view bytes, std::size_t piece) {
    NoticeReader reader{"s"};
    for (std::size_t at = 0; at < bytes.size(); at += piece) reader.feed(bytes.substr(at, piece));
    return reader.take();
}

TEST(NoticeReader, FindsTheSameInPiecesOfEverySize) {
    const std::string text = "hello\n\nwarning: Would execute: a 'b c'\nx: line 3: cd: restricted\n"
                             "warning: Would execute: $'d\\ne'\nbye";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        const auto found = notices(text, piece);
        ASSERT_EQ(found.size(), 3U) << piece;
        EXPECT_THAT(found[0].argv, testing::ElementsAre("a", "b c"));
        EXPECT_EQ(found[1].kind, model::NoticeKind::restricted);
        EXPECT_THAT(found[2].argv, testing::ElementsAre("d\ne"));
    }
}

TEST(NoticeReader, LooksAtTheBeginningOfALineOnly) {
    EXPECT_TRUE(notices("so: warning: Would execute: reboot\n", 100).empty());
    EXPECT_TRUE(notices(" warning: Would execute: reboot\n", 100).empty());
    EXPECT_TRUE(notices("Warning: Would execute: reboot\n", 100).empty());
}

TEST(NoticeReader, TellsTwoCommandsApartThatDifferInABlank) {
    EXPECT_EQ(notices("warning: Would execute: a b\nwarning: Would execute: 'a b'\n", 100).size(), 2U);
}

TEST(NoticeReader, IsSafeToShow) {
    const auto found = notices("warning: Would execute: \033[2J\nx: line 1: \033[2J: restricted\n", 100);
    ASSERT_EQ(found.size(), 2U);
    for (const auto& notice : found) EXPECT_EQ(notice.text.find('\033'), std::string::npos) << notice.text;
}

TEST(NoticeReader, GoesOnAfterItWasAsked) {
    NoticeReader reader{"s"};
    reader.feed("warning: Would execute: a\n");
    EXPECT_EQ(reader.take().size(), 1U);
    EXPECT_TRUE(reader.take().empty());
    reader.feed("warning: Would execute: a\n");
    EXPECT_EQ(reader.take().size(), 1U);
}

TEST(NoticeReader, SkipsALineThatIsTooLongAndGoesOn) {
    const std::string text = std::string(200'000, 'x') + "\nwarning: Would execute: a\n";
    EXPECT_EQ(notices(text, 4096).size(), 1U);
}

TEST(NoticeReader, TakesNoPartOfALongLineForAllOfIt) {
    const std::string text = "warning: Would execute: rm " + std::string(200'000, 'x') + " end\n";
    for (const auto& notice : notices(text, 4096)) EXPECT_THAT(notice.argv.back(), testing::Eq("end"));
}

} // namespace
} // namespace disco
