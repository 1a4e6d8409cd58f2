#include "runner/overlay/content_diff.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace disco::overlay {
namespace {

using std::string_literals::operator""s;
using Object = std::optional<ReadObject>;

constexpr std::nullopt_t absent = std::nullopt;

ReadObject of_type(model::ObjectType type) {
    ReadObject object;
    object.state.type = type;
    object.state.mode = 0644;
    return object;
}

ReadObject file(std::string bytes) {
    ReadObject object = of_type(model::ObjectType::file);
    object.state.size = bytes.size();
    object.state.sha256 = sys::sha256(bytes);
    object.content = std::move(bytes);
    return object;
}

/// Larger than the reader keeps.
ReadObject large_file(std::uint64_t size) {
    ReadObject object = of_type(model::ObjectType::file);
    object.state.size = size;
    return object;
}

ReadObject link(std::string target) {
    ReadObject object = of_type(model::ObjectType::symlink);
    object.state.target = std::move(target);
    return object;
}

ContentDiff diff(const Object& before, const Object& after, const std::string& path = "/etc/x") {
    return content_diff(path, before ? &*before : nullptr, after ? &*after : nullptr);
}

struct DiffRow {
    const char* name;
    Object before, after;
    std::string expected;
};
class TextDiff : public testing::TestWithParam<DiffRow> {};

TEST_P(TextDiff, IsUnified) {
    const ContentDiff shown = diff(GetParam().before, GetParam().after);
    EXPECT_EQ(shown.text, GetParam().expected);
    EXPECT_FALSE(shown.binary);
}

const std::string created = "--- /dev/null\n+++ b/etc/x\n";
const std::string deleted = "--- a/etc/x\n+++ /dev/null\n";
const std::string modified = "--- a/etc/x\n+++ b/etc/x\n";
const std::string no_newline = "\\ No newline at end of file\n";

INSTANTIATE_TEST_SUITE_P(
    Files, TextDiff,
    testing::Values(
        DiffRow{"created", absent, file("a\nb\n"), created + "@@ -0,0 +1,2 @@\n+a\n+b\n"},
        DiffRow{"created_with_one_line", absent, file("a\n"), created + "@@ -0,0 +1 @@\n+a\n"},
        DiffRow{"created_without_last_newline", absent, file("a\nb"),
                created + "@@ -0,0 +1,2 @@\n+a\n+b\n" + no_newline},
        DiffRow{"created_with_blank_lines", absent, file("\n\n"), created + "@@ -0,0 +1,2 @@\n+\n+\n"},
        DiffRow{"created_empty", absent, file(""), created},
        DiffRow{"deleted", file("a\nb\n"), absent, deleted + "@@ -1,2 +0,0 @@\n-a\n-b\n"},
        DiffRow{"deleted_without_last_newline", file("a"), absent,
                deleted + "@@ -1 +0,0 @@\n-a\n" + no_newline},
        DiffRow{"deleted_empty", file(""), absent, deleted},
        DiffRow{"filled", file(""), file("a\n"), modified + "@@ -0,0 +1 @@\n+a\n"},
        DiffRow{"emptied", file("a\n"), file(""), modified + "@@ -1 +0,0 @@\n-a\n"},
        DiffRow{"modified", file("a\nb\nc\n"), file("a\nB\nc\n"),
                modified + "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
        DiffRow{"line_added", file("a\n"), file("a\nb\n"), modified + "@@ -1 +1,2 @@\n a\n+b\n"},
        DiffRow{"last_newline_lost", file("a\n"), file("a"), modified + "@@ -1 +1 @@\n-a\n+a\n" + no_newline},
        DiffRow{"last_newline_gained", file("a"), file("a\n"),
                modified + "@@ -1 +1 @@\n-a\n" + no_newline + "+a\n"},
        DiffRow{"no_last_newline_on_both_sides", file("a\nz"), file("b\nz"),
                modified + "@@ -1,2 +1,2 @@\n-a\n+b\n z\n" + no_newline},
        DiffRow{"lines_that_look_like_a_header", file("-- a\n"), file("++ b\n"),
                modified + "@@ -1 +1 @@\n--- a\n+++ b\n"},
        DiffRow{"bytes_that_are_no_utf8", file("\xff\n"), file("\xfe\n"),
                modified + "@@ -1 +1 @@\n-\xff\n+\xfe\n"},
        DiffRow{"carriage_returns", file("a\r\n"), file("a\n"), modified + "@@ -1 +1 @@\n-a\r\n+a\n"},
        DiffRow{"equal", file("a\n"), file("a\n"), ""}),
    [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(
    Symlinks, TextDiff,
    testing::Values(DiffRow{"created", absent, link("t"), created + "@@ -0,0 +1 @@\n+t\n" + no_newline},
                    DiffRow{"deleted", link("t"), absent, deleted + "@@ -1 +0,0 @@\n-t\n" + no_newline},
                    DiffRow{"turned", link("old"), link("new"),
                            modified + "@@ -1 +1 @@\n-old\n" + no_newline + "+new\n" + no_newline},
                    DiffRow{"became_a_file", link("t"), file("a\n"),
                            modified + "@@ -1 +1 @@\n-t\n" + no_newline + "+a\n"},
                    DiffRow{"was_a_file", file("a\nb\n"), link("t"),
                            modified + "@@ -1,2 +1 @@\n-a\n-b\n+t\n" + no_newline}),
    [](const auto& row) { return std::string{row.param.name}; });

const auto directory = of_type(model::ObjectType::directory);
const auto pipe = of_type(model::ObjectType::fifo);

INSTANTIATE_TEST_SUITE_P(ObjectsWithoutContent, TextDiff,
                         testing::Values(DiffRow{"nothing", absent, absent, ""},
                                         DiffRow{"directory_created", absent, directory, ""},
                                         DiffRow{"pipe_deleted", pipe, absent, ""},
                                         DiffRow{"directory_became_a_pipe", directory, pipe, ""},
                                         DiffRow{"directory_became_a_file", directory, file("a\n"),
                                                 created + "@@ -0,0 +1 @@\n+a\n"},
                                         DiffRow{"file_became_a_directory", file("a\n"), directory,
                                                 deleted + "@@ -1 +0,0 @@\n-a\n"}),
                         [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(
    TooLarge, TextDiff,
    testing::Values(DiffRow{"created", absent, large_file(5000000),
                            created + "@@ too large to show: 0 bytes before, 5000000 after @@\n"},
                    DiffRow{"deleted", large_file(5000000), absent,
                            deleted + "@@ too large to show: 5000000 bytes before, 0 after @@\n"},
                    DiffRow{"grown", file("abc"), large_file(5000000),
                            modified + "@@ too large to show: 3 bytes before, 5000000 after @@\n"},
                    DiffRow{"shrunk", large_file(5000000), file("abc"),
                            modified + "@@ too large to show: 5000000 bytes before, 3 after @@\n"},
                    DiffRow{"became_a_symlink", large_file(5000000), link("to"),
                            modified + "@@ too large to show: 5000000 bytes before, 2 after @@\n"}),
    [](const auto& row) { return std::string{row.param.name}; });

struct BinaryRow {
    const char* name;
    Object before, after;
};
class BinaryDiff : public testing::TestWithParam<BinaryRow> {};

TEST_P(BinaryDiff, IsOnlySaid) {
    const ContentDiff shown = diff(GetParam().before, GetParam().after);
    EXPECT_EQ(shown.text, "");
    EXPECT_TRUE(shown.binary);
}

INSTANTIATE_TEST_SUITE_P(Files, BinaryDiff,
                         testing::Values(BinaryRow{"created", absent, file("a\0b"s)},
                                         BinaryRow{"deleted", file("a\0b"s), absent},
                                         BinaryRow{"modified", file("\0a"s), file("\0b"s)},
                                         BinaryRow{"became_binary", file("a\n"), file("a\0\n"s)},
                                         BinaryRow{"became_text", file("a\0\n"s), file("a\n")},
                                         BinaryRow{"emptied", file("a\0"s), file("")},
                                         BinaryRow{"grew_too_large", file("a\0"s), large_file(5000000)}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(TextDiff, OfALongFileShowsTheNeighbourhoodOnly) {
    std::string before, after;
    for (int i = 1; i <= 100; ++i) {
        before += std::to_string(i) + "\n";
        after += i == 50 ? "fifty\n" : std::to_string(i) + "\n";
    }
    EXPECT_EQ(diff(file(before), file(after)).text,
              modified + "@@ -47,7 +47,7 @@\n 47\n 48\n 49\n-50\n+fifty\n 51\n 52\n 53\n");
}

TEST(TextDiff, NeverObeysThePathAsAnOption) {
    // The labels begin with a/ and b/, whatever the path is.
    EXPECT_EQ(diff(file("a\n"), file("b\n"), "/-x --help").text,
              "--- a/-x --help\n+++ b/-x --help\n@@ -1 +1 @@\n-a\n+b\n");
}

TEST(TextDiff, KeepsAStrangePathOnOneLine) {
    const std::string text = diff(absent, file("a\n"), "/etc/a\n+++ b\033[2J").text;
    EXPECT_EQ(text.find('\033'), std::string::npos);
    EXPECT_EQ(text.find("\n@@ -0,0 +1 @@\n+a\n"), text.find('\n', text.find('\n') + 1)) << text;
}

struct TextRow {
    const char* name;
    std::string bytes;
    bool text;
};
class IsText : public testing::TestWithParam<TextRow> {};

TEST_P(IsText, FollowsGitsRule) { EXPECT_EQ(is_text(GetParam().bytes), GetParam().text); }

INSTANTIATE_TEST_SUITE_P(Bytes, IsText,
                         testing::Values(TextRow{"nothing", "", true}, TextRow{"a_line", "a\n", true},
                                         TextRow{"controls", "\x01\x1b\x7f", true},
                                         TextRow{"no_utf8", "\xff\xfe", true},
                                         TextRow{"nul_first", "\0a"s, false},
                                         TextRow{"nul_last", "a\0"s, false},
                                         TextRow{"nul_as_byte_8000", std::string(7999, 'x') + "\0"s, false},
                                         TextRow{"nul_as_byte_8001", std::string(8000, 'x') + "\0"s, true}),
                         [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::overlay
