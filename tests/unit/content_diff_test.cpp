// What a report shows of a change of content.

#include "runner/overlay/content_diff.hpp"

#include <gmock/gmock.h>

namespace disco::overlay {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

ReadObject file(std::string content) {
    ReadObject object;
    object.state.size = content.size();
    object.content = std::move(content);
    return object;
}

ReadObject large_file(std::uint64_t size) {
    ReadObject object;
    object.state.size = size;
    return object;
}

ReadObject link(std::string target) {
    ReadObject object;
    object.state.type = model::ObjectType::symlink;
    object.state.target = std::move(target);
    return object;
}

std::string text(const ReadObject* before, const ReadObject* after) {
    const ContentDiff diff = content_diff("/etc/x", before, after);
    EXPECT_FALSE(diff.binary);
    return diff.text;
}

TEST(ContentDiff, OfAChangedFileIsUnified) {
    const ReadObject before = file("one\ntwo\nthree\n"), after = file("one\n2\nthree\n");
    EXPECT_EQ(text(&before, &after), "--- a/etc/x\n+++ b/etc/x\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
}

TEST(ContentDiff, OfANewFileListsItsLines) {
    const ReadObject after = file("one\ntwo\n");
    EXPECT_EQ(text(nullptr, &after), "--- /dev/null\n+++ b/etc/x\n@@ -0,0 +1,2 @@\n+one\n+two\n");
    const ReadObject single = file("one\n");
    EXPECT_THAT(text(nullptr, &single), HasSubstr("@@ -0,0 +1 @@\n"));
}

TEST(ContentDiff, OfARemovedFileListsItsLines) {
    const ReadObject before = file("one\n");
    EXPECT_EQ(text(&before, nullptr), "--- a/etc/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n");
}

TEST(ContentDiff, TellsOfAMissingNewline) {
    const ReadObject before = file("one\n"), after = file("one");
    EXPECT_THAT(text(&before, &after), HasSubstr("+one\n\\ No newline at end of file\n"));
    EXPECT_THAT(text(nullptr, &after), HasSubstr("+one\n\\ No newline at end of file\n"));
}

TEST(ContentDiff, OfEmptyFilesIsAHeading) {
    const ReadObject empty = file("");
    EXPECT_EQ(text(nullptr, &empty), "--- /dev/null\n+++ b/etc/x\n");
    const ReadObject full = file("one\n");
    EXPECT_EQ(text(&full, &empty), "--- a/etc/x\n+++ b/etc/x\n@@ -1 +0,0 @@\n-one\n");
}

TEST(ContentDiff, OfBytesThatAreNoTextIsANote) {
    const ReadObject before = file("a\0b"s), after = file("text\n");
    for (const ContentDiff& diff :
         {content_diff("/x", &before, &after), content_diff("/x", &after, &before),
          content_diff("/x", nullptr, &before), content_diff("/x", &before, nullptr)}) {
        EXPECT_TRUE(diff.binary);
        EXPECT_EQ(diff.text, "");
    }
}

TEST(ContentDiff, LooksForNulInTheBeginningOnly) {
    EXPECT_TRUE(is_text(""));
    EXPECT_TRUE(is_text("\xff\xfe latin"));
    EXPECT_FALSE(is_text("\0"s));
    EXPECT_FALSE(is_text(std::string(7999, 'x') + '\0'));
    EXPECT_TRUE(is_text(std::string(8000, 'x') + '\0'));
}

TEST(ContentDiff, OfSymlinksShowsTheirTargets) {
    const ReadObject before = link("old"), after = link("new");
    EXPECT_EQ(text(&before, &after),
              "--- a/etc/x\n+++ b/etc/x\n@@ -1 +1 @@\n-old\n\\ No newline at end of file\n"
              "+new\n\\ No newline at end of file\n");
}

TEST(ContentDiff, OfAFileThatBecameASymlinkShowsBoth) {
    const ReadObject before = file("one\n"), after = link("target");
    EXPECT_EQ(text(&before, &after),
              "--- a/etc/x\n+++ b/etc/x\n@@ -1 +1 @@\n-one\n+target\n\\ No newline at end of file\n");
}

TEST(ContentDiff, OfWhatIsTooLargeTellsTheSizes) {
    const ReadObject before = large_file(5'000'000), after = file("small\n");
    EXPECT_THAT(text(&before, &after), HasSubstr("too large to show: 5000000 bytes before, 6 after"));
}

TEST(ContentDiff, EscapesTheName) {
    const ReadObject after = file("x\n");
    EXPECT_THAT(content_diff("/a\nb", nullptr, &after).text, HasSubstr(R"(+++ b"/a\nb")"));
}

TEST(ContentDiff, OfObjectsWithoutContentIsEmpty) {
    EXPECT_EQ(content_diff("/x", nullptr, nullptr).text, "");
    ReadObject directory;
    directory.state.type = model::ObjectType::directory;
    EXPECT_EQ(content_diff("/x", &directory, nullptr).text, "");
}

} // namespace
} // namespace disco::overlay
