// Odd things in a fetched module: what is delivered, what is passed over, and what is told.

#include "tests/support/module_directory.hpp"

#include <filesystem>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::module {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ModuleObjects : public tests::ModuleDirectoryTest {};

TEST_F(ModuleObjects, AreToldByTheirKind) {
    fs::create_directories(path("files/srv"));
    fs::create_directories(path("templates"));
    ASSERT_EQ(::mkfifo(path("templates/pipe").c_str(), 0644), 0);
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    const std::string name = path("files/srv/s");
    ASSERT_LT(name.size(), sizeof address.sun_path);
    name.copy(address.sun_path, name.size());
    const sys::UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_THAT(objections(),
                AllOf(HasSubstr("files/srv/s is a socket: only files, directories and symlinks"),
                      HasSubstr("templates/pipe is a fifo")));
}

TEST_F(ModuleObjects, MayHaveOddButReadableNames) {
    for (const char* name : {"files/.hidden", "files/two words", "files/größe", "files/it's", "files/-n",
                             "files/a:b*?[x]", "files/$x", "files/x~"})
        put(name);
    EXPECT_THAT(paths(read().files),
                ElementsAre("$x", "-n", ".hidden", "a:b*?[x]", "größe", "it's", "two words", "x~"));
}

TEST_F(ModuleObjects, MayNotHaveNamesThatNeedQuotes) {
    for (const char* name : {"a\"b", "a\\b", "a\033[2J", "a\x7f"}) put(fs::path{"files"} / name);
    const std::string told = objections();
    EXPECT_THAT(told, AllOf(HasSubstr(R"("files/a\"b")"), HasSubstr(R"("files/a\\b")"),
                            HasSubstr(R"("files/a\033[2J")"), HasSubstr(R"("files/a\177")")));
    EXPECT_THAT(told, Not(HasSubstr("\033")));
}

TEST_F(ModuleObjects, BelowABadNameAreNotLookedAt) {
    put("files/a\tb/c", "x", 04755);
    EXPECT_THAT(objections(), AllOf(HasSubstr(R"("files/a\tb")"), Not(HasSubstr("set-id"))));
}

TEST_F(ModuleObjects, AreKnownByTypeModeAndTarget) {
    put("templates/etc/x.conf", "x", 0600);
    ASSERT_EQ(::chmod(path("templates/etc").c_str(), 0750), 0);
    fs::create_directories(path("files"));
    fs::create_symlink("/nowhere/at all", path("files/dangling"));
    fs::create_directory_symlink("..", path("files/up"));
    const ModuleContents contents = read();
    ASSERT_THAT(paths(contents.templates), ElementsAre("etc", "etc/x.conf"));
    EXPECT_EQ(contents.templates[0].type, model::ObjectType::directory);
    EXPECT_EQ(contents.templates[0].mode, 0750U);
    EXPECT_EQ(contents.templates[1].mode, 0600U);
    EXPECT_EQ(contents.templates[1].in_module, "templates/etc/x.conf");
    ASSERT_THAT(paths(contents.files), ElementsAre("dangling", "up"));
    EXPECT_EQ(contents.files[0].target, "/nowhere/at all");
    EXPECT_EQ(contents.files[1].target, "..") << "a symlink to a directory is not walked into";
}

TEST_F(ModuleObjects, MayShareDirectoriesOfFilesAndTemplates) {
    put("files/etc/a");
    put("templates/etc/b");
    EXPECT_EQ(objections(), "");
    put("templates/x/y");
    put("files/x");
    EXPECT_THAT(objections(), HasSubstr("x is in files/ and in templates/")) << "a file and a directory";
}

TEST_F(ModuleObjects, OfTemplatesNeedAttributesForSetIdBitsToo) {
    put("templates/bin/t", "x", 02755);
    EXPECT_THAT(objections(),
                HasSubstr("templates/bin/t has mode 2755, with a set-id bit: if that is meant, say "
                          "so in `attributes` (`2755 root:root bin/t`)"));
    put("attributes", "0755 root:root bin/*\n");
    EXPECT_EQ(objections(), "") << "the rule's mode replaces it";
}

TEST_F(ModuleObjects, MayBeSticky) {
    put("files/x", "x", 01644);
    EXPECT_EQ(objections(), "");
    EXPECT_EQ(read().files.at(0).mode, 01644U);
}

struct InterpreterRow {
    const char* name;
    std::string text;
    std::vector<std::string> words;
};
class Interpreter : public ModuleObjects, public testing::WithParamInterface<InterpreterRow> {};

TEST_P(Interpreter, IsReadAsTheKernelReadsIt) {
    put("scripts/x", GetParam().text);
    EXPECT_EQ(read().scripts.at(0).interpreter, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    Line, Interpreter,
    testing::Values(InterpreterRow{"none", "echo hello\n", {}}, InterpreterRow{"empty_file", "", {}},
                    InterpreterRow{"one_character", "#", {}}, InterpreterRow{"a_comment", "# !/bin/sh\n", {}},
                    InterpreterRow{"not_in_the_first_line", "\n#!/bin/sh\n", {}},
                    InterpreterRow{"blank_before", " #!/bin/sh\n", {}},
                    InterpreterRow{"program", "#!/bin/sh\necho\n", {"/bin/sh"}},
                    InterpreterRow{"no_newline", "#!/bin/sh", {"/bin/sh"}},
                    InterpreterRow{"blanks", "#! \t /bin/sh \t \n", {"/bin/sh"}},
                    InterpreterRow{"one_argument", "#!/bin/sh -e\n", {"/bin/sh", "-e"}},
                    InterpreterRow{"more_words_are_one_argument",
                                   "#!/usr/bin/env \t -S  perl -w \n",
                                   {"/usr/bin/env", "-S  perl -w"}},
                    InterpreterRow{
                        "quotes_mean_nothing", "#!/bin/sh '-e' \"x\"\n", {"/bin/sh", "'-e' \"x\""}},
                    InterpreterRow{"carriage_return_in_a_later_line", "#!/bin/sh\necho\r\n", {"/bin/sh"}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(ModuleObjects, OfScriptsAreFilesOnly) {
    fs::create_directories(path("scripts"));
    fs::create_symlink("/bin/true", path("scripts/10-link"));
    ASSERT_EQ(::mkfifo(path("scripts/20-pipe").c_str(), 0644), 0);
    fs::create_directories(path("checks/30-directory"));
    EXPECT_THAT(objections(),
                AllOf(HasSubstr("scripts/10-link is not a file"), HasSubstr("scripts/20-pipe is not a file"),
                      HasSubstr("checks/30-directory is not a file")));
}

TEST_F(ModuleObjects, AreNamedRightly) {
    put("script/10-x");
    put("Files/etc/x");
    put("template/etc/y");
    put("files/tmp/x");
    put("files/run/x");
    put("templates/dev/x");
    EXPECT_THAT(objections(),
                AllOf(HasSubstr("modules/m/script means nothing: rename it to scripts/"),
                      HasSubstr("modules/m/Files means nothing: rename it to files/"),
                      HasSubstr("modules/m/template means nothing: rename it to templates/"),
                      HasSubstr("files/tmp/x cannot be delivered: /tmp is private"),
                      HasSubstr("files/run/x cannot be delivered: /run is empty after each boot"),
                      HasSubstr("templates/dev/x cannot be delivered")));
}

TEST_F(ModuleObjects, ThatNothingIsDoneWithAreTold) {
    put("README.md");
    put(".gitignore");
    put("files/etc/app/conf");
    put("templates/etc/made");
    fs::create_symlink("conf", path("files/etc/app/link"));
    put("attributes", "0640 - etc/app/conf # used\n0644 - etc/**\n0600 - etc/made\n0700 - etc/app/\n"
                      "0600 - etc/key\n0600 - etc/app\n0700 - etc/app/conf/\n0600 - etc/app/link\n");
    std::vector<std::string> unused;
    for (const Remark& remark : read().unused) unused.push_back(in_words(remark, "m"));
    EXPECT_THAT(
        unused,
        ElementsAre("modules/m/README.md is not used: a module consists of attributes, checks/, files/, "
                    "parameters/, requires, sandbox, scripts/, templates/, triggers",
                    "modules/m/attributes:5: 'etc/key' matches no file that the module delivers (of "
                    "directories speak lines that end with '/')",
                    "modules/m/attributes:6: 'etc/app' matches no file that the module delivers (of "
                    "directories speak lines that end with '/')",
                    "modules/m/attributes:7: 'etc/app/conf' matches no directory that the module delivers",
                    "modules/m/attributes:8: 'etc/app/link' matches no file that the module delivers (of "
                    "directories speak lines that end with '/')"));
}

TEST_F(ModuleObjects, ThatEditorsLeaveAmongScriptsArePassedOver) {
    for (const char* name : {"scripts/.10-x.swp", "scripts/10-x~", "checks/.hidden"}) put(name);
    fs::create_directories(path("scripts/.git"));
    const ModuleContents contents = read();
    EXPECT_THAT(contents.scripts, IsEmpty());
    EXPECT_THAT(contents.checks, IsEmpty());
    EXPECT_TRUE(contents.empty());
}

TEST_F(ModuleObjects, OfOneModuleAreNotEmptyForOneOfThem) {
    put("checks/1");
    EXPECT_TRUE(read().empty()) << "a check alone changes nothing";
    put("templates/x");
    EXPECT_FALSE(read().empty());
}

TEST_F(ModuleObjects, BadLinesAreToldWithEveryOtherObjection) {
    put("attributes", "0640 root:root\n\nrw root:root x\n");
    put("scripts/x", "#!/bin/sh\r\n");
    const std::string told = objections();
    EXPECT_THAT(told, AllOf(HasSubstr("module 'm' cannot be used: modules/m/attributes:1: "),
                            HasSubstr("; modules/m/scripts/x has DOS line ends")));
}

TEST_F(ModuleObjects, InThePlaceOfFilesAreTold) {
    put("elsewhere/x");
    fs::create_directory_symlink("elsewhere", path("files"));
    EXPECT_THAT(objections(), HasSubstr("files is not a directory"));
    put("templates");
    EXPECT_THAT(objections(), HasSubstr("templates is not a directory"));
}

TEST_F(ModuleObjects, ThatAreDirectoriesHaveNoSetIdBitsOfTheServers) {
    put("files/srv/x");
    ASSERT_EQ(::chmod(path("files/srv").c_str(), 02775), 0);
    EXPECT_EQ(objections(), "");
    EXPECT_EQ(read().files.at(0).mode, 0775U);
}

TEST_F(ModuleObjects, InThePlaceOfScriptsAreTold) {
    put("scripts");
    EXPECT_THAT(objections(), HasSubstr("scripts is not a directory"));
}

TEST_F(ModuleObjects, InThePlaceOfAttributesAreTold) {
    fs::create_directories(path("attributes"));
    EXPECT_THAT(objections(), HasSubstr("modules/m/attributes is no regular file"));
}

/// The server chooses what they are, and root reads them.
TEST_F(ModuleObjects, ThatDiscoReadsItselfAreRegularFiles) {
    put("secret", "root:$6$hash:19000:0\n");
    for (const char* name : {"attributes", "sandbox"}) {
        const fs::path file = path(name);
        for (const char* target : {"/etc/passwd", "secret", "/dev/zero", "nothing"}) {
            fs::create_symlink(target, file);
            EXPECT_THAT(objections(),
                        AllOf(HasSubstr(std::string{name} + " is no regular file"), Not(HasSubstr("root:"))));
            fs::remove(file);
        }
        ASSERT_EQ(::mkfifo(file.c_str(), 0644), 0);
        ::alarm(60); // of a FIFO that is opened nothing ever comes
        EXPECT_THAT(objections(), HasSubstr(std::string{name} + " is no regular file"));
        ::alarm(0);
        fs::remove(file);
        put(name, "");
        fs::resize_file(file, (std::size_t{1} << 20) + 1);
        EXPECT_THAT(objections(),
                    HasSubstr(std::string{name} + " holds 1048577 bytes, and may hold 1048576"));
        fs::remove(file);
    }
}

} // namespace
} // namespace disco::module
