// Entries as the journal of systemd reads them. A socket of the test's own is in its place.

#include "runner/sys/system_log.hpp"
#include "tests/support/journal_place.hpp"

#include <string>

#include <gmock/gmock.h>

namespace disco::sys {
namespace {

using namespace std::string_literals;
using tests::JournalPlace;

struct EntryRow {
    const char* name;
    std::vector<LogField> fields;
    std::string expected;
};
class Entry : public testing::TestWithParam<EntryRow> {};

TEST_P(Entry, IsWrittenAsTheProtocolSays) {
    EXPECT_EQ(journal_entry(GetParam().fields), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Entry,
    testing::Values(
        EntryRow{"nothing", {}, ""}, EntryRow{"one_field", {{"MESSAGE", "a"}}, "MESSAGE=a\n"},
        EntryRow{"two_fields", {{"MESSAGE", "a = b"}, {"PRIORITY", "3"}}, "MESSAGE=a = b\nPRIORITY=3\n"},
        EntryRow{"one_name_twice", {{"PATH", "/a"}, {"PATH", "/b"}}, "PATH=/a\nPATH=/b\n"},
        EntryRow{"an_empty_value", {{"MESSAGE", ""}}, "MESSAGE=\n"},
        EntryRow{"any_byte_but_a_newline", {{"PATH", "/\377\t\001"}}, "PATH=/\377\t\001\n"},
        // No value can begin a field of its own.
        EntryRow{"a_newline", {{"MESSAGE", "a\nPRIORITY=0"}}, "MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n"s},
        EntryRow{"a_long_value_with_newlines",
                 {{"MESSAGE", std::string(0x1234, '\n')}},
                 "MESSAGE\n\x34\x12\0\0\0\0\0\0"s + std::string(0x1234, '\n') + "\n"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Journal, GetsAnEntryAsADatagram) {
    const JournalPlace journal;
    EXPECT_TRUE(send_to_journal("MESSAGE=a\n", journal.socket()));
    EXPECT_TRUE(send_to_journal("MESSAGE=b\n", journal.socket()));
    EXPECT_EQ(journal.entry(), "MESSAGE=a\n");
    EXPECT_EQ(journal.entry(), "MESSAGE=b\n");
    EXPECT_EQ(journal.entry(), "");
}

TEST(Journal, GetsALargeEntryAsASealedFile) {
    const JournalPlace journal;
    const std::string large = "MESSAGE=" + std::string(std::size_t{1} << 20U, 'x') + "\n";
    EXPECT_TRUE(send_to_journal(large, journal.socket()));
    EXPECT_EQ(journal.entry(), large);
    EXPECT_TRUE(journal.last_was_sealed());
}

TEST(Journal, ThatIsNotThereTakesNothing) {
    EXPECT_FALSE(send_to_journal("MESSAGE=a\n", "/nonexistent/socket"));
    EXPECT_FALSE(send_to_journal("MESSAGE=a\n", "/" + std::string(200, 'x')));
    EXPECT_FALSE(send_to_journal("MESSAGE=a\n", "/dev/null"));
}

} // namespace
} // namespace disco::sys
