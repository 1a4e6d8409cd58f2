// How commands and outputs in documents are read and compared.

#include "tests/support/shown_commands.hpp"

#include "runner/sys/error.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(ShownCommands, AreThoseOfConsoleBlocks) {
    const auto commands = shown_commands("# A title\n"
                                         "```sh\n"
                                         "# not run\n"
                                         "```\n"
                                         "```console\n"
                                         "# cat >x <<'END'\n"
                                         "> # one\n"
                                         "> END\n"
                                         "# cat y\n"
                                         "one\n"
                                         "> two\n"
                                         "```\n");
    ASSERT_THAT(commands, SizeIs(2));
    EXPECT_EQ(commands[0].text, "cat >x <<'END'\n# one\nEND");
    EXPECT_THAT(commands[0].output, IsEmpty());
    EXPECT_EQ(commands[1].text, "cat y");
    EXPECT_EQ(commands[1].line, 9);
    EXPECT_THAT(commands[1].output, ElementsAre("one", "> two"));
}

TEST(ShownCommands, OutputWithoutACommandIsAFault) {
    EXPECT_THROW((void)shown_commands("```console\noutput\n# x\n```\n"), sys::Error);
}

TEST(ShownOutputs, TimesAndNamesOfRunsMayDiffer) {
    ShownOutputs outputs;
    EXPECT_EQ(outputs.difference({"~ base   1 created          30 ms",
                                  "1 change merged  (358 ms, run 20261124T023242.889Z-657e14)"},
                                 "~ base   1 created         130 ms\n"
                                 "1 change merged  (1.2 s, run 20270101T000000.000Z-abcdef)\n"),
              "");
    EXPECT_EQ(outputs.as_run("disco report 20261124T023242.889Z-657e14 --stat"),
              "disco report 20270101T000000.000Z-abcdef --stat");
}

TEST(ShownOutputs, ANameIsOneRunThroughout) {
    ShownOutputs outputs;
    EXPECT_EQ(outputs.difference({"20261124T023242.889Z-657e14"}, "20270101T000000.000Z-abcdef\n"), "");
    EXPECT_EQ(outputs.difference({"20261124T023242.889Z-657e14"}, "20270101T000000.000Z-abcdef\n"), "");
    EXPECT_THAT(outputs.difference({"20261124T023242.889Z-657e14"}, "20270101T000009.000Z-abcdef\n"),
                HasSubstr("is another one"));
}

TEST(ShownOutputs, AnythingElseIsADifference) {
    for (const char* printed : {"one\ntwo\n", "one\n2\nthree\n", "one\ntwo\nthree\nfour\n",
                                "one\ntwo\n\nthree\n", "zero\none\ntwo\nthree\n", "one\ntwo \nthree\n", ""})
        EXPECT_THAT(ShownOutputs{}.difference({"one", "two", "three"}, printed), HasSubstr("printed:\n"))
            << printed;
}

TEST(ShownOutputs, AnEllipsisStandsForAnyLines) {
    for (const char* printed : {"one\nthree\n", "one\ntwo\nthree\n", "one\ntwo\ntwo\nthree\n"})
        EXPECT_EQ((ShownOutputs{}.difference({"one", "…", "three"}, printed)), "") << printed;
    for (const char* printed : {"three\n", "one\ntwo\n", "one\nthree\nfour\n"})
        EXPECT_NE((ShownOutputs{}.difference({"one", "…", "three"}, printed)), "") << printed;
    EXPECT_EQ((ShownOutputs{}.difference({"…"}, "")), "");
}

} // namespace
} // namespace disco::tests
