// The parts of the machine that commands change and ask about: how grammars say them, and what has to do with
// what.

#include "policy/guard_subjects.hpp"
#include "policy/guarded_commands.hpp"
#include "runner/model/subject.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "tests/support/build_tree.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::policy {
namespace {

using model::Subject;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

GuardedCommands commands(const std::string& text) {
    const std::vector<GuardText> texts = {{text, "/lib/shipped"}};
    return GuardedCommands{parse_guard_grammars(texts), parse_guard_units(texts)};
}

std::string objection(const std::string& text) {
    try {
        static_cast<void>(commands(text));
    } catch (const sys::BadConfiguration& error) {
        return error.full_text();
    }
    return "none";
}

std::vector<std::string> described(const std::vector<Subject>& subjects) {
    std::vector<std::string> texts;
    for (const Subject& subject : subjects) texts.push_back(describe(subject));
    return texts;
}

std::vector<std::string> about(const GuardedCommands& commands, const char* line) {
    return described(commands.decide(sys::split_words(line)).about);
}

std::vector<std::string> changes(const GuardedCommands& commands, const char* line) {
    return described(commands.decide(sys::split_words(line)).changes);
}

TEST(Subjects, AreThoseOfTheFormOrOfEachOrTheCommandsOwn) {
    const GuardedCommands read =
        commands("command x\n query a\n action b\n view c\n"
                 "command y\n each query => about mounts\n each action => changes swap\n"
                 " query a\n query b => about nothing\n query c => about routes rules\n"
                 " action d\n action e => changes modules => changes udev\n view f => about hostname\n");
    EXPECT_THAT(about(read, "x a"), ElementsAre("x"));
    EXPECT_THAT(changes(read, "x b"), ElementsAre("x"));
    EXPECT_THAT(about(read, "x c"), IsEmpty());
    EXPECT_THAT(changes(read, "x a"), IsEmpty());
    EXPECT_THAT(about(read, "y a"), ElementsAre("mounts"));
    EXPECT_THAT(about(read, "y b"), IsEmpty());
    EXPECT_THAT(about(read, "y c"), ElementsAre("routes", "rules"));
    EXPECT_THAT(changes(read, "y d"), ElementsAre("swap"));
    EXPECT_THAT(changes(read, "y e"), ElementsAre("modules", "udev"));
    EXPECT_THAT(about(read, "y f"), ElementsAre("hostname"));
}

TEST(Subjects, AreOfWhatTheLineNames) {
    const GuardedCommands read =
        commands("command x\n option -f --filter=TEXT\n option -a\n"
                 " query list [PATH...] => about mounts of PATH|--filter => about swap with -a => about "
                 "routes unless -a\n"
                 " query ps => about containers of ~--filter=name\n"
                 " query all [NAME] => about mounts unless --filter => about swap with --filter B C\n"
                 " query one => about services of one.service\n"
                 " action do ANY... => changes images of words\n"
                 " action dev ANY... => changes links of devices\n query dev-show [WORD...] => about links "
                 "of devices\n");
    EXPECT_THAT(about(read, "x list"), ElementsAre("mounts", "routes"));
    EXPECT_THAT(about(read, "x list /a -f b /c"), ElementsAre("mounts of /a, /c, b", "routes"));
    EXPECT_THAT(about(read, "x list -a"), ElementsAre("mounts", "swap"));
    EXPECT_THAT(about(read, "x ps -f name=a -f status=b"), ElementsAre("containers of a"));
    EXPECT_THAT(about(read, "x ps -f status=b"), ElementsAre("containers"));
    EXPECT_TRUE(read.decide({"x", "ps", "-f", "name=a"}).about.at(0).loose);
    EXPECT_THAT(about(read, "x all"), ElementsAre("mounts"));
    EXPECT_THAT(about(read, "x all -f a,c"), ElementsAre("swap"));
    EXPECT_THAT(about(read, "x all -f +b"), ElementsAre("swap"));
    EXPECT_THAT(about(read, "x all -f d"), IsEmpty());
    EXPECT_THAT(about(read, "x one"), ElementsAre("services of one.service"));
    EXPECT_THAT(changes(read, "x do a -f b -- -c"), ElementsAre("images of b, a, -c"));
    EXPECT_THAT(changes(read, "x dev add 192.0.2.1 dev eth0"),
                ElementsAre("links of add, 192.0.2.1, dev, eth0"));
    EXPECT_THAT(changes(read, "x dev scope global"), ElementsAre("links"));
    EXPECT_THAT(about(read, "x dev-show eth0"), ElementsAre("links of eth0"));
    EXPECT_THAT(about(read, "x dev-show up dev eth0"), ElementsAre("links of eth0"));
    EXPECT_THAT(about(read, "x dev-show up"), ElementsAre("links"));
    EXPECT_THAT(about(read, "x dev-show type dummy"), ElementsAre("links"));
}

TEST(Subjects, OfServicesFollowFromTheMeaning) {
    const GuardedCommands read =
        commands("command x\n action start UNIT... => means start UNIT\n"
                 " action kill UNIT... => means anything UNIT\n"
                 " action ntp => means anything chrony ntpd\n action all => means anything\n"
                 " action reload UNIT... => means reload UNIT\n"
                 " action again => means daemon-reload\n action end => means end-machine\n"
                 " query is UNIT... => means is-active UNIT\n query show [UNIT...] => means show UNIT\n"
                 " view now UNIT... => queue x start UNIT... => means start UNIT\n"
                 "units nft* => changes packet-filter\nunits *.mount => changes mounts swap\n");
    EXPECT_THAT(changes(read, "x start a@b"),
                ElementsAre("services of a@b.service", "processes of a", "sockets"));
    EXPECT_THAT(
        changes(read, "x start nftables"),
        ElementsAre("services of nftables.service", "processes of nftables", "sockets", "packet-filter"));
    EXPECT_THAT(changes(read, "x reload nftables"), ElementsAre("sockets", "packet-filter"));
    EXPECT_THAT(changes(read, "x start srv.mount"),
                ElementsAre("services of srv.mount", "processes of srv", "sockets", "mounts", "swap"));
    EXPECT_THAT(changes(read, "x kill a"), ElementsAre("services of a.service", "processes of a", "sockets"));
    EXPECT_THAT(changes(read, "x ntp"), ElementsAre("services of chrony.service, ntpd.service",
                                                    "processes of chrony, ntpd", "sockets"));
    EXPECT_THAT(changes(read, "x all"), ElementsAre("services", "processes", "sockets", "manager",
                                                    "packet-filter", "mounts", "swap"));
    EXPECT_THAT(changes(read, "x again"), ElementsAre("units"));
    EXPECT_THAT(changes(read, "x end"), ElementsAre("manager"));
    EXPECT_THAT(changes(read, "x now a"), ElementsAre("services of a.service", "processes of a", "sockets"));
    EXPECT_THAT(about(read, "x now a"), IsEmpty());
    EXPECT_THAT(about(read, "x is a"), ElementsAre("services of a.service"));
    EXPECT_THAT(about(read, "x show"), ElementsAre("manager"));
}

TEST(Subjects, AreRefusedWithFileLineAndWord) {
    const auto refused = [](const char* text, const char* why) {
        EXPECT_THAT(objection(text), HasSubstr(why)) << text;
    };
    refused("command x\n query a => about setings\n",
            "/lib/shipped:2: 'setings' is no subject; there are services");
    refused("command x\n query a => changes mounts\n", "'changes' does not go with 'query'");
    refused("command x\n action a => about mounts\n", "'about' does not go with 'action'");
    refused("command x\n view a => changes mounts\n", "'changes' does not go with 'view'");
    refused("command x\n query a => about mounts of PATH\n", "/lib/shipped:2: 'PATH': the form has none");
    refused("command x\n query a => about mounts of --x\n", "'--x': the form has none");
    refused("command x\n query a => about mounts with -x\n", "'-x': the form has none");
    refused("command x\n query a => about mounts unless -x\n", "'-x': the form has none");
    refused("command x\n query a => about mounts of\n", "there is nothing behind 'of'");
    refused("command x\n query a => about mounts unless\n", "there is nothing behind 'unless'");
    refused("command x\n option -a\n query a => about of -a\n", "the subject is missing");
    refused("command x\n option -a\n query a => about mounts unless -a swap\n", "'swap': it is written");
    refused("units x\n", "/lib/shipped:1: it is written 'units UNIT… => changes SUBJECT…'");
    refused("units => changes mounts\n", "it is written 'units UNIT…");
    refused("command x\n query\nunits x => changes setings\n", "/lib/shipped:3: 'setings' is no subject");
    refused("units x => changes mounts\nquery a\n", "/lib/shipped:2: 'query' stands in no grammar");
    EXPECT_EQ(objection("units a b\n  => changes mounts\ncommand x\n query\n"), "none");
}

TEST(Subjects, OfUnitsAreReadWhereGrammarsAreReadOneByOne) {
    const GuardedCommands shipped = load_guarded_commands(tests::data_directory(), "/nonexistent");
    EXPECT_THAT(changes(shipped, "systemctl restart nftables"), testing::Contains("packet-filter"));
    ASSERT_FALSE(shipped.units().empty());
    EXPECT_THAT(shipped.units()[0].place, HasSubstr("/guarded.d/units:"));
}

/// What is asked about is changed by something, and what is changed is asked about: a name alone has no
/// effect.
TEST(Subjects, OfWhatIsShippedGoTogether) {
    const GuardedCommands shipped = load_guarded_commands(tests::data_directory(), "/nonexistent");
    std::map<std::string, std::string> asked, changed;
    const auto note = [](std::map<std::string, std::string>& to, const std::vector<GuardSubjects>& clauses,
                         const GuardForm& form, const std::string& own) {
        if (clauses.empty()) to.emplace(own, form.place);
        for (const GuardSubjects& clause : clauses)
            for (const std::string& name : clause.names) to.emplace(name, form.place);
    };
    // By what service commands mean.
    for (const char* name : {"services", "processes", "sockets", "units", "manager"})
        changed.emplace(name, "");
    asked.emplace("services", "");
    for (const auto& [command, grammar] : shipped.grammars())
        for (const GuardScope& scope : grammar.scopes)
            for (const GuardForm& form : scope.forms) {
                const bool means = form.clauses.verb != model::ServiceVerb::none;
                if (form.kind == GuardKind::query && !means) note(asked, form.clauses.about, form, command);
                if ((form.kind == GuardKind::action) && !means)
                    note(changed, form.clauses.changes, form, command);
                for (const GuardSubjects& clause : form.clauses.about)
                    if (form.kind == GuardKind::view) asked.emplace(clause.names.at(0), form.place);
            }
    for (const GuardUnits& units : shipped.units())
        for (const std::string& name : units.subjects)
            EXPECT_TRUE(asked.contains(name)) << units.place << ": nothing asks about " << name;
    for (const auto& [name, place] : asked)
        EXPECT_TRUE(changed.contains(name)) << place << ": nothing changes " << name;
    for (const auto& [name, place] : changed)
        EXPECT_TRUE(asked.contains(name)) << place << ": nothing asks about " << name;
    for (const std::string_view name : subject_names())
        EXPECT_TRUE(asked.contains(std::string{name})) << "nobody uses " << name;
}

struct Pair {
    Subject change, question;
    bool concerned;
    friend std::ostream& operator<<(std::ostream& stream, const Pair& pair) {
        return stream << describe(pair.change) << " | " << describe(pair.question);
    }
};
class Concerned : public testing::TestWithParam<Pair> {};
TEST_P(Concerned, IsAQuestionByAChange) {
    EXPECT_EQ(concerns(GetParam().change, GetParam().question), GetParam().concerned);
}
INSTANTIATE_TEST_SUITE_P(
    Subjects, Concerned,
    testing::Values(
        Pair{{"routes"}, {"routes"}, true}, Pair{{"routes"}, {"rules"}, false},
        Pair{{"links", {"eth1"}}, {"links"}, true}, Pair{{"links"}, {"links", {"lo"}}, true},
        Pair{{"links", {"eth1"}}, {"links", {"lo"}}, false},
        Pair{{"links", {"eth1"}}, {"links", {"eth1"}}, true},
        Pair{{"links", {"eth1.5"}}, {"links", {"eth1"}}, false},
        Pair{{"links", {"global"}}, {"links", {"lo"}}, false},
        Pair{{"containers", {"--name=web"}}, {"containers", {"web"}}, true},
        Pair{{"containers", {"-vweb:/x"}}, {"containers", {"web"}}, true},
        Pair{{"containers", {"web-2"}}, {"containers", {"web"}}, false},
        Pair{{"containers", {"0123456789ab"}}, {"containers", {"web"}}, true},
        Pair{{"containers", {"8080"}}, {"containers", {"web"}}, false},
        Pair{{"links", {"0123456789ab"}}, {"links", {"web"}}, false},
        Pair{{"images", {"nginx"}}, {"images", {"nginx:1"}}, true},
        Pair{{"images", {"redis:1"}}, {"images", {"nginx:1"}}, false},
        Pair{{"containers", {"web2"}}, {"containers", {"web"}, true}, true},
        Pair{{"containers", {"db"}}, {"containers", {"^/web$"}, true}, false},
        Pair{{"containers", {"db"}}, {"containers", {"w.b"}, true}, true},
        Pair{{"processes", {"NetworkManager"}, true}, {"processes", {"networkmanager"}, true}, true},
        Pair{{"processes", {"ssh"}, true}, {"processes", {"(cron|sshd)"}, true}, true},
        Pair{{"services", {"a.service"}}, {"services", {"a.service"}}, true},
        Pair{{"services", {"a.service"}}, {"services", {"a.timer"}}, false},
        Pair{{"services", {"a*.service"}}, {"services", {"b.service"}}, true},
        Pair{{"services", {"--unit=a.service"}}, {"services", {"a.service"}}, true},
        Pair{{"mounts", {"/dev/sdb1", "/data"}}, {"mounts", {"/data/x"}}, true},
        Pair{{"mounts", {"/dev/sdb1", "/data/"}}, {"mounts", {"/data"}}, true},
        Pair{{"mounts", {"/dev/sdb1", "/data"}}, {"mounts", {"/dev/sdb1"}}, true},
        Pair{{"mounts", {"/dev/sdb1", "/data"}}, {"mounts", {"/"}}, false},
        Pair{{"mounts", {"/dev/sdb1", "/data"}}, {"mounts", {"/dev/sdb"}}, false},
        Pair{{"mounts", {"/dev/sdb1", "/data"}}, {"mounts", {"data"}}, true},
        Pair{{"mounts", {"/"}}, {"mounts", {"/data"}}, true}));

} // namespace
} // namespace disco::policy
