// Reading a fetched module: what can be delivered, and every objection to what cannot.

#include "tests/support/module_directory.hpp"

#include <filesystem>

#include <sys/stat.h>

#include <gmock/gmock.h>

namespace disco::module {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Module : public tests::ModuleDirectoryTest {};

TEST_F(Module, MayBeEmpty) {
    const ModuleContents contents = read();
    EXPECT_EQ(contents.name, "m");
    EXPECT_TRUE(contents.empty());
}

TEST_F(Module, GivesFilesWithTheirDirectoriesFirst) {
    put("files/etc/b/x", "", 0640);
    put("files/etc/a", "");
    fs::create_symlink("a", path("files/etc/link"));
    const ModuleContents contents = read();
    EXPECT_THAT(paths(contents.files), ElementsAre("etc", "etc/a", "etc/b", "etc/b/x", "etc/link"));
    EXPECT_EQ(contents.files[3].mode, 0640U);
    EXPECT_EQ(contents.files[3].in_module, "files/etc/b/x");
    EXPECT_EQ(contents.files[3].source, path("files/etc/b/x"));
    EXPECT_EQ(contents.files[4].type, model::ObjectType::symlink);
    EXPECT_EQ(contents.files[4].target, "a");
    EXPECT_FALSE(contents.empty());
}

TEST_F(Module, ReadsScriptsInNameOrderWithTheirInterpreters) {
    put("scripts/20-b", "#! /usr/bin/env  -S bash -e \necho\n");
    put("scripts/10-a.sh", "#!/bin/sh\n");
    put("scripts/30-none", "echo\n");
    put("scripts/.swp", "");
    put("scripts/10-a.sh~", "");
    put("checks/10-c", "#!/bin/bash");
    const ModuleContents contents = read();
    ASSERT_EQ(contents.scripts.size(), 3U);
    EXPECT_EQ(contents.scripts[0].in_module, "scripts/10-a.sh");
    EXPECT_THAT(contents.scripts[0].interpreter, ElementsAre("/bin/sh"));
    EXPECT_THAT(contents.scripts[1].interpreter, ElementsAre("/usr/bin/env", "-S bash -e"));
    EXPECT_THAT(contents.scripts[2].interpreter, IsEmpty());
    ASSERT_EQ(contents.checks.size(), 1U);
    EXPECT_THAT(contents.checks[0].interpreter, ElementsAre("/bin/bash"));
}

TEST_F(Module, ReadsAttributesAndSandbox) {
    put("attributes", "0600 root:root etc/key\n");
    put("sandbox", "timeout 5\n");
    const ModuleContents contents = read();
    EXPECT_EQ(contents.attributes.size(), 1U);
    EXPECT_EQ(contents.sandbox.timeout, std::chrono::seconds{5});
}

TEST_F(Module, TellsEveryObjectionAtOnce) {
    put("attributes", "nonsense\n");
    put("sandbox", "\nnonsense\n");
    put("files/etc/x", "", 04755);
    EXPECT_THAT(objections(),
                AllOf(HasSubstr("module 'm'"), HasSubstr("modules/m/attributes:1:"),
                      HasSubstr("modules/m/sandbox:2:"), HasSubstr("files/etc/x has mode 4755")));
}

TEST_F(Module, ObjectsToWhatIsNoFile) {
    fs::create_directories(path("files"));
    ASSERT_EQ(::mkfifo(path("files/pipe").c_str(), 0644), 0);
    EXPECT_THAT(objections(), HasSubstr("files/pipe is a fifo"));
}

TEST_F(Module, TakesSetIdBitsThatAttributesAskFor) {
    put("files/bin/tool", "", 04755);
    put("attributes", "- root:root bin/tool\n");
    EXPECT_THAT(objections(), HasSubstr("set-id bit")) << "a rule without a mode does not say so";
    put("attributes", "4755 root:root bin/tool\n");
    EXPECT_EQ(objections(), "");
}

TEST_F(Module, ObjectsToNamesThatNobodyCanRead) {
    put("files/new\nline", "");
    put("files/\xff", "");
    put("scripts/a\tb", "");
    EXPECT_THAT(objections(), AllOf(HasSubstr(R"("files/new\nline")"), HasSubstr(R"("files/\377")"),
                                    HasSubstr(R"("scripts/a\tb")")));
}

TEST_F(Module, ObjectsToAPathThatIsFileAndTemplate) {
    put("files/etc/x", "");
    put("templates/etc/x", "");
    EXPECT_THAT(objections(), HasSubstr("etc/x is in files/ and in templates/"));
}

TEST_F(Module, ObjectsToSymlinksAmongTemplates) {
    fs::create_directories(path("templates"));
    fs::create_symlink("x", path("templates/link"));
    EXPECT_THAT(objections(), HasSubstr("templates/link is a symlink"));
}

TEST_F(Module, ObjectsToWhatStandsInThePlaceOfItsDirectories) {
    put("files", "a file");
    EXPECT_THAT(objections(), HasSubstr("files is not a directory"));
}

TEST_F(Module, ObjectsToScriptsThatCannotRun) {
    fs::create_directories(path("scripts/directory"));
    put("scripts/10-dos", "#!/bin/sh\r\necho\r\n");
    put("scripts/20-blank", "#! \n");
    EXPECT_THAT(objections(),
                AllOf(HasSubstr("scripts/directory is not a file"), HasSubstr("10-dos has DOS line ends"),
                      HasSubstr("20-blank has a #! line without a program")));
}

} // namespace
} // namespace disco::module
