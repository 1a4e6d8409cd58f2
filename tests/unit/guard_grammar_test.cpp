// The format of policy/guarded.d: how files are read, command lines parsed, forms checked and rebuilt.

#include "policy/guarded_commands.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

GuardedCommands commands(const char* text, const char* own = "") {
    return GuardedCommands{parse_guard_grammars({{text, "/lib/shipped"}, {own, "/etc/own"}})};
}

std::string objection(const char* text, const char* own = "") {
    try {
        static_cast<void>(commands(text, own));
    } catch (const sys::BadConfiguration& error) {
        return error.full_text();
    }
    return "none";
}

/// "KIND: the words of the query", or why it is refused.
std::string outcome(const GuardedCommands& commands, const char* line) {
    const GuardDecision decision = commands.decide(sys::split_words(line));
    if (!decision.known) return "unknown";
    std::string text = to_string(decision.kind);
    for (const auto& word : decision.query) text += " " + word;
    return text;
}

TEST(GuardFormat, IsRefusedWithFileLineAndWord) {
    const auto refused = [](const char* text, const char* why) {
        EXPECT_THAT(objection(text), HasSubstr(why));
    };
    refused("command x\n  querry a\n", "/lib/shipped:2: 'querry a' is no line of a grammar");
    refused("query a\n", "/lib/shipped:1: 'query' stands in no grammar");
    refused("command /bin/ip\n", "/lib/shipped:1: '/bin/ip' is not the plain name");
    refused("command\n", "/lib/shipped:1: the name of the command is missing");
    refused("command x\ncommand y x\n", "/lib/shipped:2: 'x' has a grammar at /lib/shipped:1 already");
    refused("command x\n  query UNITT\n", "/lib/shipped:2: 'UNITT': there is no such type");
    refused("command x\n  query [UNIT\n", "/lib/shipped:2: '[UNIT': ']' is missing");
    refused("command x\n  query a*b\n", "/lib/shipped:2: 'a*b' is neither a plain word");
    refused("command x\n  query 'a\n", "/lib/shipped:2");
    refused("command x\n  option -q --quiet=FOO\n", "/lib/shipped:2: 'FOO': there is no such type");
    refused("command x\n  option quiet\n", "/lib/shipped:2: 'quiet' is no option");
    refused("command x\n  option -q\n  extra --q -q\n", "/lib/shipped:3: '-q' is declared at /lib/shipped:2");
    refused("command x\n  option -quiet\n", "/lib/shipped:2: '-quiet' is a long option of one dash");
    refused("command x\n  option -q\n  query -q=WORD\n",
            "/lib/shipped:3: '-q=WORD': the option has no value");
    refused("command x\n  option -q=NAME\n  query -q=WORD\n", "its value is NAME at /lib/shipped:2");
    refused("command x\n  type UNIT a b\n", "/lib/shipped:2: 'UNIT': there is such a type already");
    refused("command x\n  options any\n", "/lib/shipped:2: 'options any' is no line");
    refused("command x\n  others WORD\n", "'others' and 'prefix' need 'ordered'");
    refused("command x\n  option -L=NAME...\n", "/lib/shipped:2: an option that takes words needs 'ordered'");
    refused("command x\n  query --*\n", "the grammar has no line 'others TYPE'");
    refused("command x\n  query a => foo b\n", "/lib/shipped:2: 'foo' is no clause");
    refused("command x\n  query a => means dance\n", "/lib/shipped:2: 'dance' is no meaning");
    refused("command x\n  query a => means start UNIT\n", "the form has no such operand");
    refused("command x\n  option -q\n  action a => decides -q\n", "'decides OPTION... exits NUMBER...'");
    refused("command x\n  option -q\n  action a => decides -q exits 300\n", "'300' is no exit code");
    refused("command x\n  action a => decides -q exits 0\n", "'decides -q': there is no such option");
    refused("command x\n  option -q\n  query a => decides -q exits 0\n",
            "'decides' does not go with 'query'");
    refused("command x\n  option -q\n  action a => adds -q\n", "'adds' does not go with 'action'");
    refused("command x\n  action a => reads output\n", "/lib/shipped:2: it is written 'reads input'");
    refused("command x\n  action a => reads input with\n", "it is written 'reads input'");
    refused("command x\n  action a => reads input with -f -\n", "'-f': the form has none");
    refused("command x\n  action a => covers PATH\n", "/lib/shipped:2: 'PATH': the form has none");
    refused("command x\n  action a PATH => covers PATH unless -o\n", "it is written 'covers TYPE'");
    refused("command x\n  action a PATH => covers PATH unless -o x\n", "'-o': the form has none");
    refused("command x\n  query a PATH => covers PATH\n", "'covers' does not go with 'query'");
    refused("command x\n  query a => needs magic\n", "/lib/shipped:2: 'magic' is nothing that a query needs");
    refused("command x\n  query a => env X=1\n", "/lib/shipped:2: 'env' does not go with 'query'");
    refused("command x\n  view a => without --now\n", "'without --now': there is no such option");
    refused("command x\n  view a => queue y UNIT...\n", "the form has no such operand");
    refused("command x\n  action a => needs bus\n", "'needs' does not go with 'action'");
    refused("=> says x\n", "/lib/shipped:1: '=>' goes on with a form, but there is none before it");
    refused("form query\n", "/lib/shipped:1: the command is missing");
    refused("form ask x\n", "/lib/shipped:1: 'ask' is no kind of command");
    EXPECT_EQ(objection("# only a comment\n\ncommand x # and one\n  query a '#' => needs bus\n"), "none");
}

TEST(GuardFormat, IsReadByItsIndexAsInOne) {
    const sys::OwnedDirectory directory{std::filesystem::temp_directory_path(), "disco-guarded-"};
    const std::vector<GuardText> texts = {
        {"# first\n\ncommand a b # both\n  query x\n\n  command c\n  action UNIT...\n => means start UNIT\n",
         directory.path() / "shipped"},
        {"command 'd'\n view\n", directory.path() / "other"}};
    for (const GuardText& text : texts) sys::write_file(text.file, text.text, 0644);
    const GuardedCommands late{GuardIndex{print_guard_index(texts), "index"}, directory.path()};
    const GuardedCommands whole{parse_guard_grammars(texts)};
    EXPECT_EQ(late.names(), whole.names());
    for (const char* line : {"a x", "b x", "b y", "c x", "c", "d", "d x"}) {
        const auto argv = sys::split_words(line);
        EXPECT_EQ(late.decide(argv).place, whole.decide(argv).place) << line;
        EXPECT_EQ(late.decide(argv).reason, whole.decide(argv).reason) << line;
        EXPECT_EQ(late.decide(argv).action, whole.decide(argv).action) << line;
    }
    EXPECT_EQ(late.grammars().size(), whole.grammars().size());
}

TEST(GuardFormat, HasAnIndexOfTheFilesThatItWasMadeOf) {
    const sys::OwnedDirectory directory{std::filesystem::temp_directory_path(), "disco-guarded-"};
    const GuardText text = {"command a\n query x\n", directory.path() / "shipped"};
    sys::write_file(text.file, text.text, 0644);
    const GuardedCommands commands{GuardIndex{print_guard_index({text}), "index"}, directory.path()};
    sys::write_file(text.file, text.text + "# changed in its place\n", 0644);
    EXPECT_THROW((void)commands.decide({"a", "x"}), sys::BadConfiguration);
    // Single forms may go with any grammar.
    EXPECT_THROW((void)print_guard_index({{"command a\n query\nform query a b\n", "/lib/shipped"}}),
                 sys::BadConfiguration);
    for (const char* damaged :
         {"a", "a f 1 2 3", "a f 1 2 3 x\n", "a f 1 2 3 4 5\n", "b f 1 2 3 4\na f 1 2 3 4\n"})
        EXPECT_THROW((GuardIndex{damaged, "index"}), sys::Error) << damaged;
}

TEST(GuardFormat, HasNoTwoFormsForOneCommandLine) {
    const auto overlaps = [](const char* text) {
        EXPECT_THAT(objection(text), HasSubstr("one command line fits both")) << text;
    };
    overlaps("command x\n query list [WORD...]\n action list\n");
    overlaps("command x\n query list [WORD...]\n action list WORD\n");
    overlaps("command x\n query UNIT status\n action UNIT WORD\n");
    overlaps("command x\n query a|b\n query b|c\n");
    overlaps("command x\n option -n\n query -n x\n action x\n");
    overlaps("command x\n extra -n\n query [-n] x\n action -n x\n");
    overlaps("command x\n query WORD... a\n action a...\n");
    overlaps("command x\n query\n action [ANY...]\n");
    overlaps("command x\n extra -q=WORD\n query -q=a|b\n action -q=b|c\n");
    overlaps("command x\n query [a] b\n action b\n");
    const auto differ = [](const char* text) { EXPECT_EQ(objection(text), "none") << text; };
    differ("command x\n query UNIT status\n action UNIT start|stop\n");
    differ("command x\n query KEY...\n action ASSIGN...\n");
    differ("command x\n extra -n\n query -n x\n action x\n");
    differ("command x\n option -n\n query -n x\n action x !-n\n");
    differ("command x\n extra -q=WORD\n query -q=a\n action -q=b|c\n");
    differ("command x\n query list\n action list WORD\n");
    differ("command x\n type LEFT a b\n type RIGHT c d\n query LEFT...\n action RIGHT...\n");
    // Sub-commands have their options to themselves, and no form begins like one.
    EXPECT_THAT(objection("command x\n options first\n query list\n sub list\n  query a\n"),
                HasSubstr("begins like the sub-command of /lib/shipped:4"));
    EXPECT_THAT(objection("command x\n options first\n sub a\n  query\n sub a b\n  query\n"),
                HasSubstr("the sub-command begins like that of /lib/shipped:3"));
    EXPECT_THAT(objection("command x\n sub a\n  query\n"), HasSubstr("needs 'options first'"));
}

TEST(GuardFormat, TakesSingleFormsFromElsewhere) {
    const char* shipped = "command x\n option -q --quiet\n extra --all\n query list\n"
                          "command y\n options first\n sub info|i\n  query [PATH]\n"
                          "command z\n each query => needs bus\n query a\n";
    const GuardedCommands own =
        commands(shipped, "form query x list-foo\nform query x list-bar --wide [--sort=WORD] [UNITGLOB...]\n"
                          "form action y info --write PATH\nform action frobctl reload # mine\n"
                          "form query z b\n => needs read-all\nform action x =INPUT '=a b'\n");
    EXPECT_EQ(outcome(own, "x -q list-foo"), "query x --quiet list-foo");
    EXPECT_EQ(outcome(own, "x list-bar a --sort b --wide"), "query x --wide --sort=b list-bar -- a");
    EXPECT_EQ(outcome(own, "x list-bar a"), "unknown");
    EXPECT_EQ(outcome(own, "x list --wide"), "unknown");
    EXPECT_EQ(outcome(own, "y i /dev/x"), "query y i -- /dev/x");
    EXPECT_EQ(outcome(own, "y info --write /dev/x"), "action");
    EXPECT_EQ(outcome(own, "frobctl reload"), "action");
    EXPECT_EQ(outcome(own, "frobctl"), "unknown");
    EXPECT_EQ(outcome(own, "x INPUT 'a b'"), "action");
    EXPECT_THAT(own.decide({"z", "b"}).needs, ElementsAre(Need::read_all, Need::bus));
    EXPECT_EQ(own.decide({"frobctl", "reload"}).place, "/etc/own:4");
    EXPECT_THAT(objection(shipped, "form action x list\n"),
                HasSubstr("/etc/own:1: 'action x list' overlaps 'query x list' at /lib/shipped:4"));
    EXPECT_THAT(objection(shipped, "form query x 'a\n"), HasSubstr("/etc/own:1"));
    EXPECT_THAT(objection(shipped, "command x\n"),
                HasSubstr("/etc/own:1: 'x' has a grammar at /lib/shipped:1"));
}

TEST(GuardFormat, UnknownFormsNameTheLineThatMakesThemKnown) {
    const char* shipped = "command x\n option -q\n option -s=WORD\n extra --all\n query list UNIT\n"
                          "command y\n options first\n sub info\n  option -a\n  query [NUMBER]\n"
                          "command z\n options none\n query a\n";
    for (const char* line :
         {"x list-foo", "x -q list-foo", "x list", "x list a b", "x --new list a", "x -qZ list a",
          "x list --all a", "x --sort=b go", "x go -s v", "x INPUT '#' '=' '[c]' a*", "y info foo",
          "y info -b", "y info -- -x", "y other", "z -n -m", "z b 'c...'", "x"}) {
        const auto argv = sys::split_words(line);
        const GuardDecision before = commands(shipped).decide(argv);
        EXPECT_FALSE(before.known) << line;
        ASSERT_NE(before.line, "") << line;
        EXPECT_THAT(before.reason, HasSubstr(before.line)) << line;
        EXPECT_EQ(objection(shipped, before.line.c_str()), "none") << line << ": " << before.line;
        EXPECT_TRUE(commands(shipped, before.line.c_str()).decide(argv).known) << line << ": " << before.line;
    }
    for (const char* line : {"x list 'a b'", "x list 'a;b'", "x list $'a\\nb'", "x list '$(a)'", "x 'a|b'"}) {
        const GuardDecision decision = commands(shipped).decide(sys::split_words(line));
        EXPECT_EQ(decision.line, "") << line;
        EXPECT_THAT(decision.reason, HasSubstr("copy '/lib/shipped' to /etc/disco/policy/guarded.d")) << line;
    }
    EXPECT_EQ(commands(shipped).decide({"x", "list-foo"}).line, "form query x list-foo");
    EXPECT_EQ(commands(shipped).decide({"x", "frob", "b"}).line, "form action x frob b");
}

TEST(GuardOptions, AreParsedAsTheProgramWould) {
    const GuardedCommands getopt =
        commands("command x\n abbreviated options\n option -q --quiet\n option -v\n"
                 " option -o --output=WORD\n option -w --wait[=NUMBER]\n"
                 " option --output-all\n option -SIGNAL\n option -b[=?INTEGER]\n"
                 " query [PID...]\n");
    EXPECT_EQ(outcome(getopt, "x -qvo json"), "query x --quiet -v --output=json");
    EXPECT_EQ(outcome(getopt, "x -vojson -q"), "query x --quiet -v --output=json");
    EXPECT_EQ(outcome(getopt, "x -o-q"), "unknown");
    EXPECT_EQ(outcome(getopt, "x -o -q"), "unknown");
    EXPECT_EQ(outcome(getopt, "x --output --quiet"), "unknown");
    EXPECT_EQ(outcome(getopt, "x --output json 5"), "query x --output=json -- 5");
    EXPECT_EQ(outcome(getopt, "x --qui"), "query x --quiet");
    EXPECT_EQ(outcome(getopt, "x --output=a"), "query x --output=a");
    EXPECT_EQ(outcome(getopt, "x --outp=a"), "unknown") << "ambiguous";
    EXPECT_EQ(outcome(getopt, "x --quiet=1"), "unknown");
    EXPECT_EQ(outcome(getopt, "x -w 5"), "query x --wait -- 5");
    EXPECT_EQ(outcome(getopt, "x -w5 --wait=6"), "query x --wait=5 --wait=6");
    EXPECT_EQ(outcome(getopt, "x -HUP 5"), "query x -HUP -- 5");
    EXPECT_EQ(outcome(getopt, "x -9 -- -5"), "query x -9 -- -5");
    EXPECT_EQ(outcome(getopt, "x -b -1"), "query x -b -1");
    EXPECT_EQ(outcome(getopt, "x -b -q"), "query x --quiet -b");
    EXPECT_EQ(outcome(getopt, "x -"), "unknown");
    EXPECT_EQ(outcome(getopt, "x --"), "query x");
    EXPECT_EQ(outcome(getopt, "x -- --quiet"), "unknown");
    const GuardedCommands posix = commands("command x\n options first\n option -a\n query list [ANY...]\n");
    EXPECT_EQ(outcome(posix, "x -a list -b --"), "query x -a list -b --");
    EXPECT_EQ(outcome(posix, "x list -a"), "query x list -a");
    EXPECT_EQ(outcome(posix, "x -b list"), "unknown");
    const GuardedCommands none = commands("command x\n options none\n view [ANY...]\n");
    EXPECT_EQ(outcome(none, "x -a -- --b ''"), "view");
    const GuardedCommands single = commands("command ip\n options first\n long single\n abbreviated options\n"
                                            " ends no\n option -4\n option -family=NAME\n option -details\n"
                                            " option -dump\n option -color[=WORD]\n query list\n");
    EXPECT_EQ(outcome(single, "ip -4 -family inet list"), "query ip -4 -family inet list");
    EXPECT_EQ(outcome(single, "ip -f inet -de list"), "query ip -family inet -details list");
    EXPECT_EQ(outcome(single, "ip --color=never list"), "query ip -color=never list");
    EXPECT_EQ(outcome(single, "ip -d list"), "unknown") << "ambiguous";
    EXPECT_EQ(outcome(single, "ip -4d list"), "unknown") << "no clusters";
    EXPECT_EQ(outcome(single, "ip -- list"), "unknown");
}

TEST(GuardOptions, KeepTheirOrderWhereItMeansSomething) {
    const GuardedCommands tables = commands(
        "command t\n ordered\n prefix !\n others TEXT\n abbreviated options\n option -p --protocol=NAME\n"
        " option -m --match=NAME\n option -j --jump=NAME\n extra -C --check=NAME\n extra -F --flush\n"
        " query -C [--*]\n action -F\n");
    EXPECT_EQ(
        outcome(tables, "t -C INPUT ! -p tcp -m state --state NEW,OLD -m x --y a b -j DROP"),
        "query t --check INPUT ! --protocol tcp --match state --state NEW,OLD --match x --y a b --jump DROP");
    EXPECT_EQ(outcome(tables, "t -C INPUT --log-prefix 'a b' -F"), "unknown");
    EXPECT_EQ(outcome(tables, "t -C INPUT --fl"), "unknown") << "cut short, it is --flush";
    EXPECT_EQ(outcome(tables, "t -C INPUT !"), "unknown");
    EXPECT_EQ(outcome(tables, "t -C INPUT ! x"), "unknown");
    EXPECT_EQ(outcome(tables, "t -F --x"), "unknown");
    const GuardedCommands lists = commands("command t\n ordered\n prefix !\n option -n\n option -!\n"
                                           " extra -L --list=NAME...\n extra -F --flush=NAME...\n"
                                           " query -L\n action -F\n");
    EXPECT_EQ(outcome(lists, "t -L"), "query t --list");
    EXPECT_EQ(outcome(lists, "t -L INPUT 3 -n"), "query t --list INPUT 3 -n");
    EXPECT_EQ(outcome(lists, "t -nLINPUT 3"), "query t -n --list INPUT 3");
    EXPECT_EQ(outcome(lists, "t -! --list=INPUT"), "query t -! --list INPUT");
    EXPECT_EQ(outcome(lists, "t -LF"), "query t --list F") << "F is a value";
    EXPECT_EQ(outcome(lists, "t -L -n INPUT"), "unknown") << "-n takes no word";
    EXPECT_EQ(outcome(lists, "t -L a/b"), "unknown");
    EXPECT_EQ(outcome(lists, "t -L INPUT -F"), "unknown");
    EXPECT_EQ(outcome(lists, "t -L ! -n"), "query t --list ! -n");
}

TEST(GuardWords, AreAbbreviatedOnlyWhereThatIsUnambiguous) {
    const GuardedCommands words =
        commands("command x\n options first\n abbreviated words\n"
                 " query address|addr|a [show|list]\n query addrlabel\n"
                 " action link set|se WORD\n query link list\n sub monitor\n  query\n");
    EXPECT_EQ(outcome(words, "x a"), "query x a");
    EXPECT_EQ(outcome(words, "x addr sh"), "query x addr show");
    EXPECT_EQ(outcome(words, "x addrl"), "query x addrlabel");
    EXPECT_EQ(outcome(words, "x addre"), "query x address");
    EXPECT_EQ(outcome(words, "x ad"), "unknown");
    EXPECT_EQ(outcome(words, "x l l"), "query x link list");
    EXPECT_EQ(outcome(words, "x l s eth0"), "action");
    EXPECT_EQ(outcome(words, "x mon"), "query x monitor");
}

TEST(GuardTypes, AreStrict) {
    struct Row {
        const char* type;
        std::vector<const char*> fit, do_not;
    };
    const std::vector<Row> rows = {
        {"UNIT",
         {"a", "a@b.service", "a\\x2d.mount"},
         {"", "a b", "-a", "a/b", "a;b", "a*", "a\nb", "$a", "a'"}},
        {"UNITGLOB", {"a*", "[ab]?"}, {"a/b", "a b", "-*"}},
        {"UNITFILE", {"a.service", "/etc/a.service"}, {"etc/a.service", "../a", "/a b"}},
        {"SERVICE", {"a", "a.sh"}, {"a/b", "..", ".", "a b", "-a", "a@b;c"}},
        {"NAME", {"a", "_a", "a.b:c"}, {".a", "+a", "@a", "a b", ""}},
        {"WORD", {"a=b", "/a,b", "10%"}, {"a;b", "a b", "a|b", "a(b", "a\"", "-a", "a{"}},
        {"INTERFACE", {"eth0", "eth0.5:1"}, {"a b", "a/b", "abcdefghijklmnopqrstuvwxyzabcdefgh"}},
        {"ADDRESS", {"10.0.0.0/8", "fe80::1%eth0"}, {"10.0.0.0 8", "-1"}},
        {"PATH", {"/a b", "a", "-"}, {"-a", "a\nb", ""}},
        {"ABSPATH", {"/a"}, {"a", "-", "-/"}},
        {"DEVICE", {"/dev/sda", "UUID=1"}, {"sda", "UUID=", "X=1"}},
        {"NUMBER", {"0", "12"}, {"-1", "1a", ""}},
        {"PID", {"1"}, {"-1", "a"}},
        {"SIGNAL", {"9", "HUP", "SIGHUP", "RTMIN+1"}, {"hup1", "9999", "FOO"}},
        {"KEY", {"net.ipv4.ip_forward", "net/ipv4"}, {"a=b", "a/../b", "a b"}},
        {"ASSIGN", {"a=", "a.b=1 2"}, {"a", "=1", "a/../b=1", "a b=1"}},
        {"MODE", {"0644", "u=rw,g+x"}, {"8", "rw"}},
        {"SIZE", {"10", "10M", "1.5G"}, {"M", ""}},
        {"URL", {"http://a/b?c=d"}, {"a", "http:a", "http://a b"}},
        {"TEXT", {"a b;c"}, {"a\nb", "\x1b[0m", ""}}};
    for (const Row& row : rows) {
        const GuardedCommands of_type =
            commands(("command x\n query " + std::string{row.type} + "\n").c_str());
        for (const char* word : row.fit)
            EXPECT_TRUE(of_type.decide({"x", word}).known) << row.type << ' ' << word;
        for (const char* word : row.do_not)
            EXPECT_FALSE(of_type.decide({"x", word}).known) << row.type << ' ' << word;
        // These may begin with a dash behind `--`, see below.
        if (std::string_view{row.type} == "UNIT" || std::string_view{row.type} == "PID") continue;
        for (const char* word : row.do_not)
            EXPECT_FALSE(of_type.decide({"x", "--", word}).known) << row.type << " -- " << word;
    }
    const GuardedCommands unit = commands("command x\n query UNIT\n");
    EXPECT_EQ(outcome(unit, "x -- -.mount"), "query x -- -.mount");
    EXPECT_EQ(outcome(unit, "x -- -x.service"), "unknown");
}

TEST(GuardItems, TakeWordsInEveryWayThatFits) {
    const GuardedCommands items = commands("command x\n query a NAME... b [NAME] c\n query [d] e...\n");
    EXPECT_EQ(outcome(items, "x a p q b c"), "query x a -- p q b c");
    EXPECT_EQ(outcome(items, "x a b b b c"), "query x a -- b b b c");
    EXPECT_EQ(outcome(items, "x a b c"), "unknown");
    EXPECT_EQ(outcome(items, "x d e e"), "query x d e e");
    EXPECT_EQ(outcome(items, "x d"), "unknown");
    const GuardedCommands deep = commands("command x\n query [NAME...] [NAME...] [NAME...] z\n");
    std::vector<std::string> argv = {"x"};
    argv.resize(20'000, "a");
    EXPECT_FALSE(deep.decide(argv).known); // in no time to speak of
    argv.push_back("z");
    EXPECT_TRUE(deep.decide(argv).known);
}

} // namespace
} // namespace disco::policy
