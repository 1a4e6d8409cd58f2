// disco-param as a bash of a module has it: the same answers for every caller, and nothing of the caller
// changed.

#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"
#include "tests/support/build_tree.hpp"

#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::templates {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Prelude : public testing::Test {
protected:
    Prelude() {
        put("a", "v\n");
        put("B", "upper\n");
        put("two", "1\n2\n\n");
        put("none", "");
        put("odd", " -n \\t %s * $HOME `id`  ");
        put("net/.hidden", "h");
        put("net/sub/x", "x");
        fs::create_directories(tree() / "empty");
    }

    [[nodiscard]] fs::path tree() const { return directory_.path() / "tree"; }

    /// bash with these words, as a module starts it.
    [[nodiscard]] sys::ProgramResult bash(std::vector<std::string> words,
                                          std::vector<std::string> environment = {},
                                          const std::string& input = {}) const {
        words.insert(words.begin(), "/bin/bash");
        environment.insert(environment.end(),
                           {"BASH_ENV=" + (tests::source_tree() / "templates/prelude.bash").native(),
                            "DISCO_PARAMETERS=" + tree().string(), "DISCO_NODE=node"});
        if (environment.size() == 3) environment.emplace_back("PATH=/usr/bin:/bin");
        return sys::run_program({.argv = std::move(words),
                                 .environment = std::move(environment),
                                 .input = input,
                                 .timeout = std::chrono::seconds{60}});
    }

private:
    void put(const std::string& name, std::string_view bytes) const {
        fs::create_directories((tree() / name).parent_path());
        sys::write_file(tree() / name, bytes, 0644);
    }
    sys::OwnedDirectory directory_{fs::temp_directory_path(), "prelude-test-"};
};

struct Request {
    std::string words; ///< after "disco-param", for bash
    std::string output;
    std::string fault; ///< after "disco-param: ", for the requests that fail
};

const char* const usage = "usage: disco-param get [-d DEFAULT] KEY";
const char* const any_usage = "usage: disco-param get [-d DEFAULT] KEY | has KEY | keys [KEY] | dump [KEY]";

const std::vector<Request> requests = {
    {"get a", "v\n", ""},
    {"get B", "upper\n", ""},
    {"get two", "1\n2\n", ""},
    {"get none", "\n", ""},
    {"get odd", " -n \\t %s * $HOME `id`  \n", ""},
    {"get net/.hidden", "h\n", ""},
    {"get net/sub/x", "x\n", ""},
    {"get -d other a", "v\n", ""},
    {"get -d other two", "1\n2\n", ""},
    {"get -d other none", "\n", ""},
    {"get -d other nope", "other\n", ""},
    {"get -d '' nope", "\n", ""},
    {"get -d '-n * %s\\t  x' net/nope", "-n * %s\\t  x\n", ""},
    {"get nope", "", "no parameter 'nope'"},
    {"get a/b", "", "no parameter 'a/b'"},
    {"get b", "", "no parameter 'b'"},
    {"get net", "", "'net' is a tree, not a value (disco-param keys net)"},
    {"get -d other net", "", "'net' is a tree, not a value (disco-param keys net)"},
    {"has a", "", ""},
    {"has net", "", ""},
    {"has nope", "", "-"},
    {"has a/b", "", "-"},
    {"has", "", "usage: disco-param has KEY"},
    {"get node/a", "v\n", ""},
    {"get node/net/sub/x", "x\n", ""},
    {"get -d other node/nope", "other\n", ""},
    {"get node/nope", "", "no parameter 'node/nope'"},
    {"get node", "", "'node' is a tree, not a value (disco-param keys node)"},
    {"get nod/a", "", "no parameter 'nod/a'"},
    {"has node/a", "", ""},
    {"keys node/net", ".hidden\nsub\n", ""},
    {"dump node/net/sub", "net/sub/x = x\n", ""},
    {"keys", "B\na\nempty\nnet\nnone\nodd\ntwo\n", ""},
    {"keys net", ".hidden\nsub\n", ""},
    {"keys net/sub", "x\n", ""},
    {"keys empty", "", ""},
    {"keys a", "", "no tree 'a'"},
    {"keys nope", "", "no tree 'nope'"},
    {"dump",
     "B = upper\na = v\nempty = {}\nnet = {}\nnet/.hidden = h\nnet/sub = {}\nnet/sub/x = x\nnone = \n"
     "odd =  -n \\t %s * $HOME `id`  \ntwo = 1\\n2\n",
     ""},
    {"dump net", "net/.hidden = h\nnet/sub = {}\nnet/sub/x = x\n", ""},
    {"dump empty", "", ""},
    {"dump nope", "", "no tree 'nope'"},
    {"dump a", "", "no tree 'a'"},
    {"", "", any_usage},
    {"help", "", any_usage},
    {"get", "", usage},
    {"get a B", "", usage},
    {"get -d", "", usage},
    {"get -d other", "", usage},
    {"get -d other a B", "", usage},
    {"keys net empty", "", "usage: disco-param keys [KEY]"},
    {"dump net empty", "", "usage: disco-param dump [KEY]"},
    {"set a w", "",
     "parameters are read-only here; 'set' them on the server, or with 'disco param' on the node"},
    {"delete a", "",
     "parameters are read-only here; 'delete' them on the server, or with 'disco param' on the node"},
};

struct Caller {
    const char* name;
    std::vector<std::string> words; ///< options of bash
    std::string first;              ///< what it does before
};
class Callers : public Prelude, public testing::WithParamInterface<Caller> {
protected:
    [[nodiscard]] sys::ProgramResult ask(const std::string& text) const {
        std::vector<std::string> words = GetParam().words;
        words.insert(words.end(), {"-c", GetParam().first + "\n" + text});
        return bash(words);
    }
};

TEST_P(Callers, GetTheSameAnswers) {
    for (const Request& request : requests) {
        SCOPED_TRACE("disco-param " + request.words);
        const sys::ProgramResult result = ask("disco-param " + request.words);
        EXPECT_EQ(result.output, request.output);
        const bool told = !request.fault.empty() && request.fault != "-"; // "-": only the status tells
        EXPECT_EQ(result.error, told ? "disco-param: " + request.fault + "\n" : "");
        EXPECT_EQ(result.signal, 0);
        EXPECT_EQ(result.exit, request.fault.empty() ? 0 : 1);
    }
}

TEST_P(Callers, HaveBadNamesRefused) {
    std::string text, refused;
    std::vector<testing::Matcher<const std::string&>> faults;
    for (const char* verb : {"get", "get -d other", "keys", "dump"})
        for (const char* name :
             {"/a",       "/",         "a/",         "net//.hidden", ".",        "..", "./a", "../tree/a",
              "net/../a", "net/./sub", "net/sub/..", "net/sub/.",    "a b",      "*",  "a?",  "[a]",
              "a;",       "\\a",       "~",          "$a",           "\xc3\xa4", ""}) {
            text += std::string{"disco-param "} + verb + " '" + name + "' || echo refused $?\n";
            refused += "refused 1\n";
            faults.emplace_back(
                testing::StartsWith(*name == '\0' ? "disco-param: a parameter needs a name"
                                                  : "disco-param: bad name '" + std::string{name} + "': "));
        }
    const sys::ProgramResult result = ask(text);
    EXPECT_EQ(result.output, refused);
    std::istringstream lines{result.error};
    std::vector<std::string> said;
    for (std::string line; std::getline(lines, line);) said.push_back(line);
    EXPECT_THAT(said, testing::ElementsAreArray(faults));
}

TEST_F(Prelude, RefusesANameWithANewline) {
    const auto result = bash({"-c", "disco-param get $'a\\n'"});
    EXPECT_THAT(result.error, testing::StartsWith("disco-param: bad name 'a\n': only"));
    EXPECT_EQ(result.exit, 1);
}

/// Everything that a request may not change, as text. Without redirections, which a restricted bash refuses.
const char* const state = R"(before= after= name=
state() {
    for name in $(IFS=$'\n'; compgen -v); do
        case $name in
        BASHPID | BASH_ARG[CV] | BASH_COMMAND | BASH_ENV | BASH_LINENO | BASH_SOURCE | BASH_SUBSHELL) ;;
        COMP_WORDBREAKS | EPOCH* | FUNCNAME | LINENO | PIPESTATUS | RANDOM | SECONDS | SRANDOM | _) ;;
        before | after | name) ;;
        *) declare -p "$name" ;;
        esac
    done
    shopt -p || :
    set +o
    alias -p
    trap -p
    umask
    printf '%q\n' "$-" "$PWD" "$@"
}
)";

TEST_P(Callers, FindNothingChanged) {
    std::string text = std::string{state} +
                       "set -- one 'two words'\nshopt -s expand_aliases\nalias ll='ls -l'\n"
                       "trap 'exit 3' USR1\nvalue=mine path=mine key=mine member=mine\n"
                       "before=$(IFS=$' \\t\\n'; state \"$@\")\n";
    for (const Request& request : requests) text += "disco-param " + request.words + " || :\n";
    text += "after=$(IFS=$' \\t\\n'; state \"$@\")\n"
            "[[ $before == *'alias ll='* && $before == *'declare -- path=\"mine\"'* ]] || exit 4\n"
            "if [[ $before == \"$after\" ]]; then echo unchanged; else echo \"$before\" = \"$after\"; fi\n";
    const sys::ProgramResult result = ask(text);
    EXPECT_THAT(result.output, testing::EndsWith("\nunchanged\n")) << result.error;
    EXPECT_EQ(result.exit, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Bash, Callers,
    testing::Values(
        Caller{"plain", {}, ""}, Caller{"strict", {}, "set -euo pipefail"},
        Caller{"restricted", {"--restricted"}, ""},
        Caller{"restricted_and_strict", {"--restricted", "-euo", "pipefail"}, ""},
        Caller{"without_globbing", {}, "set -f"},
        Caller{"restricted_without_globbing", {"--restricted", "-f"}, ""},
        Caller{"failing_globs", {}, "shopt -s failglob; set -e"},
        Caller{"generous_globs", {}, "shopt -s nullglob dotglob nocaseglob nocasematch extglob globstar"},
        Caller{"inherited_traps", {}, "shopt -s inherit_errexit; set -eETu"},
        Caller{"posix", {}, "set -o posix"}, Caller{"odd_separators", {}, "IFS=/anv=."},
        Caller{"no_separators", {}, "IFS="},
        Caller{"inherited_locals",
               {},
               "shopt -s localvar_inherit localvar_unset; value=x key=y path=z member=m"},
        Caller{"exporting", {}, "set -a"}, Caller{"last_of_a_pipe", {}, "shopt -s lastpipe; set +m; set -C"},
        Caller{"closed_input", {}, "exec 0<&-"}, Caller{"older_bash", {}, "BASH_COMPAT=4.2"},
        Caller{"utf8", {}, "LC_ALL=C.UTF-8; shopt -u globasciiranges"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(Prelude, AddsNoVariableOptionOrAliasToAFreshBash) {
    const std::string text = std::string{state} + "state";
    for (const char* kind : {"--norc", "--restricted"}) {
        const sys::ProgramResult with = bash({kind, "-c", text});
        const sys::ProgramResult without = sys::run_program(
            {.argv = {"/bin/bash", kind, "-c", text},
             .environment = {"DISCO_PARAMETERS=" + tree().string(), "DISCO_NODE=node", "PATH=/usr/bin:/bin"},
             .input = {},
             .timeout = std::chrono::seconds{60}});
        EXPECT_THAT(without.output, HasSubstr("declare -x DISCO_PARAMETERS="));
        EXPECT_EQ(with.output, without.output);
        EXPECT_EQ(with.error, "");
    }
}

TEST_F(Prelude, ReadsNoInputOfTheCaller) {
    const auto result = bash({"-c", "disco-param get a; disco-param get -d x nope; disco-param keys net\n"
                                    "disco-param dump empty; IFS= read -r line; echo \"left: $line\""},
                             {}, "for the caller\n");
    EXPECT_EQ(result.output, "v\nx\n.hidden\nsub\nleft: for the caller\n");
}

TEST_F(Prelude, FailsNothingThatATrapWouldSee) {
    const auto result =
        bash({"-c", "set -E; trap 'echo trapped' ERR\ndisco-param get a\n"
                    "disco-param get -d x nope\ndisco-param keys net\ndisco-param dump net/sub"});
    EXPECT_EQ(result.output, "v\nx\n.hidden\nsub\nnet/sub/x = x\n");
}

TEST_F(Prelude, EndsAStrictCallerWithTheFirstFault) {
    const auto result = bash({"-c", "set -e\nx=$(disco-param get nope) || echo caught\n"
                                    "disco-param get nope\necho not reached"});
    EXPECT_EQ(result.output, "caught\n");
    EXPECT_EQ(result.exit, 1);
}

TEST_F(Prelude, GetsAndListsWithoutAnyProgram) {
    const auto result = bash({"-c", "disco-param get two; disco-param get -d x nope; disco-param keys net"},
                             {"PATH=/nonexistent"});
    EXPECT_EQ(result.output, "1\n2\nx\n.hidden\nsub\n");
    EXPECT_EQ(result.error, "");
}

struct MissingRow {
    const char* name;
    std::vector<std::string> environment;
    std::string error;
    int exit;
};
class MissingCommand : public Prelude, public testing::WithParamInterface<MissingRow> {};

TEST_P(MissingCommand, IsToldAsBashTellsIt) {
    const auto result = bash({"-c", "no-such-command 'a b' ''"}, GetParam().environment);
    EXPECT_THAT(result.error, HasSubstr(GetParam().error));
    EXPECT_EQ(result.exit, GetParam().exit);
}

constexpr const char* restricted_path = "PATH=/run/disco/restricted";
INSTANTIATE_TEST_SUITE_P(Phases, MissingCommand,
                         testing::Values(MissingRow{"strict_script",
                                                    {restricted_path, "DISCO_PHASE=script"},
                                                    "# not installed here\n/bin/bash: line 1: "
                                                    "no-such-command: command not found\n",
                                                    127},
                                         MissingRow{"template_",
                                                    {restricted_path, "DISCO_PHASE=template"},
                                                    "line 1: no-such-command: command not found\n",
                                                    127},
                                         MissingRow{"no_phase", {restricted_path}, "not found", 127},
                                         MissingRow{"script_with_commands",
                                                    {"PATH=/usr/bin:/bin", "DISCO_PHASE=script"},
                                                    "command not found",
                                                    127}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST_F(Prelude, HasNamesOfItsOwn) {
    for (const std::vector<std::string>& shell : {std::vector<std::string>{}, {"--restricted"}}) {
        std::vector<std::string> words = shell;
        words.insert(words.end(),
                     {"-c", "readonly path=1 value=1 key=1 member=1; GLOBIGNORE='*'; "
                            "disco-param keys net; disco-param dump net/sub; disco-param get a"});
        const auto result = bash(words);
        EXPECT_EQ(result.output, ".hidden\nsub\nnet/sub/x = x\nv\n");
        EXPECT_EQ(result.error, "");
    }
}

} // namespace
} // namespace disco::templates
