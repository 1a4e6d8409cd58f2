#include "runner/model/masked_stream.hpp"
#include "runner/model/secret_mask.hpp"
#include "runner/sys/printable.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace disco::model {
namespace {

SecretMask mask_of(const std::vector<std::string>& values) {
    SecretMask mask;
    for (const std::string& value : values) mask.add(value);
    return mask;
}

TEST(SecretMask, KnowsSecretsByTheirTree) {
    EXPECT_TRUE(is_secret_name("secrets"));
    EXPECT_TRUE(is_secret_name("secrets/db/password"));
    EXPECT_FALSE(is_secret_name("secretsauce"));
    EXPECT_FALSE(is_secret_name("site/secrets/x"));
}

TEST(SecretMask, MasksEachOccurrence) {
    EXPECT_EQ(mask_of({"hunter2"}).masked("a=hunter2 b='hunter2'\nhunter2"), "a=*** b='***'\n***");
    EXPECT_EQ(mask_of({"hunter2"}).masked("Hunter2 hunter"), "Hunter2 hunter");
    EXPECT_EQ(mask_of({}).masked("text"), "text");
}

TEST(SecretMask, TakesTheLongestAndWhatOverlaps) {
    EXPECT_EQ(mask_of({"abcd", "abcdef"}).masked("<abcdef> <abcd>"), "<***> <***>");
    EXPECT_EQ(mask_of({"abcdef", "defghi"}).masked("<abcdefghi>"), "<***>");
    EXPECT_EQ(mask_of({"abab"}).masked("ababab"), "***");
}

TEST(SecretMask, MasksEachLineOfAValueWithoutItsIndent) {
    const SecretMask mask = mask_of({"-----BEGIN KEY-----\r\n  MIIBVQ1\r\n ab\n"});
    EXPECT_EQ(mask.masked("key: |\n    -----BEGIN KEY-----\n    MIIBVQ1\n"), "key: |\n    ***\n    ***\n");
    EXPECT_EQ(mask.masked("ab is too short"), "ab is too short");
}

TEST(SecretMask, KnowsItInShellQuotesAndInEscapes) {
    EXPECT_EQ(mask_of({"it's 4 \"me\""}).masked(R"(x 'it'\''s 4 "me"' "it's 4 \"me\"")"), "x '***' \"***\"");
    EXPECT_EQ(mask_of({"p\tw\x01rd"}).masked("\"p\\tw\\001rd\""), "\"***\"");
    EXPECT_EQ(mask_of({"a\"b\xff"
                       "cd"})
                  .masked("a\"b\\377cd"),
              "***");
}

/// A word is quoted in another way where something else in it has to be.
TEST(SecretMask, KnowsItInAWordThatIsQuotedForAnotherReason) {
    for (const std::string& secret :
         {std::string{"it's a pass"}, std::string{"p\xc3\xa4ssword"}, std::string{"a\"b\\c\tde"}})
        for (const std::string& rest :
             {std::string{"\n"}, std::string{"\xff"}, std::string{"'"}, std::string{}}) {
            const std::string word = "x" + rest + secret + rest;
            const SecretMask mask = mask_of({secret});
            for (const std::string& shown :
                 {sys::quote_words({word}), sys::printable(word), sys::printable_text(word),
                  sys::printable_text(sys::quote_words({word}))})
                EXPECT_THAT(mask.masked(shown), testing::HasSubstr("***")) << shown;
        }
}

TEST(SecretMask, SaysWhatIsTooShort) {
    EXPECT_TRUE(SecretMask::can_mask("four"));
    EXPECT_TRUE(SecretMask::can_mask("x\nfour\n"));
    EXPECT_TRUE(SecretMask::can_mask("\n"));
    EXPECT_FALSE(SecretMask::can_mask("abc\n"));
    EXPECT_FALSE(SecretMask::can_mask("abc\ndef"));
    EXPECT_FALSE(SecretMask::can_mask(std::string{"long\0enough", 11}));
}

TEST(SecretMask, MasksWhatAnotherSecretHadInItsPlace) {
    const SecretMask mask = mask_of({"newsecret"});
    EXPECT_EQ(
        mask.masked_diff("--- a\n+++ b\n@@ -1,3 +1,3 @@\n user = me\n-pw = oldsecret\n-port = 1\n"
                         "+pw = newsecret\n+port = 2\n tail\n"),
        "--- a\n+++ b\n@@ -1,3 +1,3 @@\n user = me\n-pw = ***\n-port = 1\n+pw = ***\n+port = 2\n tail\n");
    EXPECT_EQ(mask.masked_diff("@@ -1 +1 @@\n-oldsecret\n+newsecret\n"), "@@ -1 +1 @@\n-***\n+***\n");
    EXPECT_EQ(mask.masked_diff("@@ -1 +1 @@\n-pw = old\n context\n+pw = newsecret\n"),
              "@@ -1 +1 @@\n-pw = old\n context\n+pw = ***\n");
    EXPECT_EQ(mask.masked_diff("@@ -1 +1 @@\n-a\n+b\n"), "@@ -1 +1 @@\n-a\n+b\n");
}

TEST(SecretMask, ShowsNoContentWhenItKnowsThatItDoesNotKnowAll) {
    SecretMask mask;
    EXPECT_TRUE(mask.empty());
    mask.hide_all();
    EXPECT_FALSE(mask.empty());
    EXPECT_EQ(mask.masked_content("anything"), "***");
    EXPECT_EQ(mask.masked_content(""), "");
    EXPECT_EQ(mask.masked_diff("@@ -1 +1 @@\n-a\n+b\n"), "");
    EXPECT_EQ(mask.masked("/etc/motd"), "/etc/motd");
}

TEST(SecretMask, KnowsALineAsItIsShownAtItsEnd) {
    const SecretMask mask = mask_of({"hunter2"});
    EXPECT_EQ(mask.masked_content("    er2\rhunt\nhunter2\r\nx\ry"), "***\n***\r\nx\ry");
}

TEST(MaskedStream, MasksSecretsThatOverlapInARow) {
    MaskedStream stream{mask_of({"abcdXYZW", "XYZWrest", "restMORE"})};
    EXPECT_EQ(stream.pass("abcdXYZWrest"), "");
    EXPECT_EQ(stream.pass(" end"), "*** end");
}

/// Cut at every place, into pieces of every length.
TEST(MaskedStream, MasksASecretThatComesInPieces) {
    const std::vector<std::string> secrets = {"abcdef", "defghi", "abcd", "zzzz"};
    const std::string text = "x abcdefghi abc abcd zz zzz zzzz defgh\nabcde";
    const std::string whole = mask_of(secrets).masked(text);
    for (std::size_t length = 1; length <= text.size(); ++length) {
        MaskedStream stream{mask_of(secrets)};
        std::string shown;
        for (std::size_t at = 0; at < text.size(); at += length)
            shown += stream.pass(text.substr(at, length));
        shown += stream.end();
        EXPECT_EQ(shown, whole) << "pieces of " << length;
    }
}

TEST(MaskedStream, KeepsNothingBackThatIsNoSecret) {
    MaskedStream stream{mask_of({"hunter2"})};
    EXPECT_EQ(stream.pass("Go on? [y/N] "), "Go on? [y/N] ");
    EXPECT_EQ(stream.pass("say hun"), "say ");
    EXPECT_EQ(stream.pass("gry"), "hungry");
    EXPECT_EQ(stream.end(), "");
}

} // namespace
} // namespace disco::model
