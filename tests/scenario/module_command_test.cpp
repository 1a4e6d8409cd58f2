// disco module: the commands, and a module that is run before any node wants it.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <chrono>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ModuleCommand : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        module_file("base", "files/etc/x", "x\n");
        module_file("web", "requires", "base\n");
        want("web");
    }
    /// In the universe's directory.
    [[nodiscard]] sys::ProgramResult here(const std::vector<std::string>& words) const {
        std::vector<std::string> argv = {"/usr/bin/env", "-C", universe(), disco_binary(), "module"};
        argv.insert(argv.end(), words.begin(), words.end());
        return sys::run_program({.argv = argv,
                                 .environment = {"PATH=" + search_path},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    }
};

TEST_F(ModuleCommand, CheckHasALineForEachFindingAndAnExitCode) {
    const auto clean = here({"check"});
    EXPECT_EQ(clean.exit, 0) << clean.output << clean.error;
    EXPECT_EQ(clean.output, "2 modules, 1 node: no errors, no warnings\n");
    module_file("web", "README.md", "x");
    const auto warned = here({"check"});
    EXPECT_EQ(warned.exit, 0);
    EXPECT_THAT(warned.output, AllOf(StartsWith("modules/web/README.md: warning: is not used"),
                                     EndsWith("\n2 modules, 1 node: no errors, 1 warning\n")));
    EXPECT_EQ(here({"check", "--strict"}).exit, 4);
    script("web", "10-x", "#!/bin/bash\nfi\n");
    const auto failed = here({"check", universe()});
    EXPECT_EQ(failed.exit, 4);
    EXPECT_THAT(failed.output, HasSubstr(universe().string() + "/modules/web/scripts/10-x:2: error: bash: "));
}

TEST_F(ModuleCommand, CheckTakesModulesInEachWayTheyAreNamed) {
    module_file("web", "script/x", "");
    module_file("base", "script/x", "");
    for (const std::string& word : {std::string{"web"}, std::string{"modules/web"},
                                    std::string{"./modules/web/"}, (universe() / "modules/web").string()}) {
        const auto result = here({"check", word});
        EXPECT_EQ(result.exit, 4) << word;
        EXPECT_THAT(result.output, AllOf(HasSubstr("modules/web/script: error: "),
                                         EndsWith("1 module, 0 nodes: 1 error, no warnings\n")))
            << word;
    }
    EXPECT_THAT(here({"check", "web", "base"}).output, HasSubstr("2 modules, 0 nodes: 2 errors"));
    EXPECT_THAT(here({"check", "web", "."}).output, HasSubstr("2 modules, 1 node: 2 errors"));
    for (const std::string word : {"gone", "parameters/web1", "modules/web/requires"}) {
        const auto result = here({"check", word});
        EXPECT_EQ(result.exit, 78) << word;
        EXPECT_THAT(result.error, HasSubstr("'" + word + "'"));
    }
    EXPECT_EQ(here({"check", "--nonsense"}).exit, 64);
}

TEST_F(ModuleCommand, CheckWritesJunit) {
    module_file("web", "script/x", "");
    const auto result = here({"check", "--junit", "-"});
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output, AllOf(StartsWith("<?xml "), HasSubstr("tests=\"3\" failures=\"1\""),
                                     HasSubstr("<testcase classname=\"nodes\" name=\"web1\" />")));
    EXPECT_THAT(result.error, HasSubstr("modules/web/script: error: "));
    const fs::path file = place() / "junit.xml";
    EXPECT_EQ(here({"check", "--junit", file}).exit, 4);
    EXPECT_EQ(sys::read_file(file), result.output);
    EXPECT_EQ(here({"check", "--junit", "/nowhere/x"}).exit, 78);
}

TEST_F(ModuleCommand, NewMakesAModuleThatIsCleanAndRuns) {
    const auto made = here({"new", "shop"});
    ASSERT_EQ(made.exit, 0) << made.error;
    EXPECT_THAT(made.output, AllOf(HasSubstr("disco module check modules/shop\n"),
                                   HasSubstr("disco-run --noop --server . --module shop --diff\n")));
    const auto checked = here({"check", "--strict", "shop"});
    EXPECT_EQ(checked.exit, 0) << checked.output << checked.error;
    node = "nowhere";
    for (const bool dry : {true, false}) {
        const auto run = dry ? noop({"--module", "shop"}) : live({"--module", "shop"});
        EXPECT_EQ(run.exit, 0) << run.output << run.error;
        EXPECT_THAT(run.error, HasSubstr("no parameters of node 'nowhere'"));
    }
    EXPECT_THAT(read("etc/shop/node.conf"), HasSubstr("greeting = Hello\n"));
    EXPECT_TRUE(fs::is_directory(root() / "var/lib/shop"));
    const auto again = here({"new", "shop"});
    EXPECT_EQ(again.exit, 78);
    EXPECT_THAT(again.error, HasSubstr("there is a module 'shop' already"));
    for (const std::string bad : {"..", ".x", "a/b", "a b"}) EXPECT_EQ(here({"new", bad}).exit, 78) << bad;
    EXPECT_EQ(here({"new", "--server", place(), "x"}).exit, 78);
    EXPECT_EQ(here({"new"}).exit, 64);
    EXPECT_EQ(here({"new", "--server", universe(), "blog"}).exit, 0);
    const auto entries = std::distance(fs::directory_iterator{universe() / "modules"}, {});
    EXPECT_EQ(entries, 4) << "and nothing is left of what was refused";
}

TEST_F(ModuleCommand, GraphIsTheOrderOfARun) {
    module_file("log", "requires", "before web\n");
    EXPECT_EQ(here({"graph"}).output, "1  base\n2  log\n3  web   after base, log\n");
    EXPECT_EQ(here({"graph", "--node", "web1"}).output, "1  base  required by web\n2  web   after base\n");
    EXPECT_THAT(here({"graph", universe(), "--dot", "-"}).output,
                AllOf(StartsWith("digraph \"modules\" {"), HasSubstr("\"log\" -> \"web\";")));
    const auto unknown = here({"graph", "--node", "gone"});
    EXPECT_EQ(unknown.exit, 78);
    EXPECT_THAT(unknown.error, HasSubstr("no node 'gone'"));
    const auto svg = here({"graph", "--svg", "-"});
    if (sys::find_program("dot", sys::usual_path))
        EXPECT_THAT(svg.output, HasSubstr("<svg ")) << svg.error;
    else
        EXPECT_THAT(svg.error, HasSubstr("install the package graphviz"));
    module_file("base", "requires", "web\n");
    const auto circle = here({"graph"});
    EXPECT_EQ(circle.exit, 78);
    EXPECT_THAT(circle.error, HasSubstr("in a cycle: base after web after base"));
}

TEST_F(ModuleCommand, WithoutANodeOnlyANamedModuleRuns) {
    module_file("base", "parameters/base/y", "default\n");
    module_file("base", "templates/etc/y", "disco-param get base/y\n");
    node = "nowhere";
    EXPECT_EQ(noop().exit, 78);
    const auto named = noop({"--module", "web"});
    EXPECT_EQ(named.exit, 0) << named.error;
    EXPECT_THAT(named.output, AllOf(HasSubstr("/etc/y"), HasSubstr("/etc/x")));
    EXPECT_THAT(named.error, HasSubstr("warning: the server has no parameters of node 'nowhere'"));
    EXPECT_EQ(disco({"param", "set", "--state-dir", state(), "--node", node, "base/y", "own"}).exit, 0);
    ASSERT_EQ(live({"--module", "base"}).exit, 0);
    EXPECT_EQ(read("etc/y"), "own\n");
    fs::remove_all(universe() / "parameters");
    EXPECT_EQ(noop({"--module", "web"}).exit, 0) << "there are no nodes at all";
    EXPECT_EQ(noop({"--module", "gone"}).exit, 78);
    // Once the node is there, it counts.
    parameter(node, "base/y", "the server's");
    ASSERT_EQ(disco({"param", "delete", "--state-dir", state(), "--node", node, "base/y"}).exit, 0);
    const auto again = live({"--module", "base"});
    EXPECT_EQ(again.exit, 0) << again.error;
    EXPECT_THAT(again.error, Not(HasSubstr("no parameters")));
    EXPECT_EQ(read("etc/y"), "the server's\n");
}

} // namespace
} // namespace disco::tests
