// What README.md and docs/guide.md show is what happens. Their commands run in order, each document's on a
// machine of its own, which nothing has been done to, on its `/`. So do the commands of the examples for
// pipelines.

#include "tests/support/build_tree.hpp"
#include "tests/support/shown_commands.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

/// A command that is run in another way than the document says.
struct Exception {
    std::string command;
    std::string lines;  ///< what is run instead
    std::string reason; ///< for the reader of this table
};

const std::vector<Exception> exceptions = {
    {"debootstrap bookworm /var/tmp/tree",
     "mkdir -p /var/tmp/tree && tar -C / --one-file-system --exclude='./var/tmp/*' --exclude=./var/lib/disco "
     "--exclude='./srv/*' --exclude='./opt/*' --exclude='./root/*' -c . | tar -C /var/tmp/tree -x",
     "The machine has no network. Its own tree was made by debootstrap."},
    {"rsync --daemon",
     "rsync --daemon && for i in {1..100}; do ! true 2>/dev/null </dev/tcp/localhost/873 || exit 0; sleep "
     "0.1; done; exit 1",
     "It goes to the background before it listens; the next command here comes sooner than a person's."},
};

/// A machine that is booted for one test.
class Machine {
public:
    Machine() : up_{host({"up", build_tree(), std::to_string(::getpid())}, std::chrono::minutes{4})} {}
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;
    ~Machine() {
        if (!up_.succeeded()) return;
        EXPECT_TRUE(host({"down", build_tree()}, std::chrono::minutes{4}).succeeded());
    }

    [[nodiscard]] const sys::ProgramResult& up() const noexcept { return up_; }
    /// Standard output and error are one, as on a terminal.
    [[nodiscard]] static sys::ProgramResult run(const std::string& lines) {
        return host({"in", build_tree(), "disco", "bash", "-c", "exec 2>&1\ncd /root/disco\n" + lines},
                    std::chrono::minutes{2});
    }
    /// Puts what the commands need of the source tree where they are run.
    static void put_sources() {
        std::string roots = sys::read_file(build_tree() / name / "roots");
        while (roots.ends_with('\n')) roots.pop_back();
        const fs::path to = fs::path{roots} / "disco/root/disco/docs";
        fs::create_directories(to);
        fs::copy(source_tree() / "docs/examples", to / "examples", fs::copy_options::recursive);
    }

private:
    static constexpr const char* name = "booted-for-documents";

    static sys::ProgramResult host(std::vector<std::string> words, std::chrono::seconds timeout) {
        words.insert(words.begin(), source_tree() / "tests/booted/host");
        std::vector<std::string> environment = {std::string{"PATH="} + sys::usual_path,
                                                fmt::format("DISCO_BOOTED_NAME={}", name),
                                                "DISCO_BOOTED_MACHINES=disco"};
        for (const char* passed : {"DISCO_TESTS_MUST_RUN", "DISCO_BOOTED_CACHE"})
            if (const char* value = std::getenv(passed))
                environment.push_back(fmt::format("{}={}", passed, value));
        return sys::run_program({.argv = std::move(words),
                                 .environment = std::move(environment),
                                 .input = {},
                                 .timeout = timeout});
    }

    sys::ProgramResult up_;
};

/// The machine has one name; in the documents it has one that says nothing.
std::string with_shown_name(const std::string& printed) {
    return std::regex_replace(printed, std::regex{R"(\bbooted\b)"}, "vm");
}

/// Runs all commands of a document, and compares.
void follow(const std::string& document) {
    const std::vector<ShownCommand> commands = shown_commands(sys::read_file(source_tree() / document));
    ASSERT_FALSE(commands.empty());
    const Machine machine;
    if (machine.up().exit == 77) GTEST_SKIP() << machine.up().error;
    ASSERT_TRUE(machine.up().succeeded()) << machine.up().output << machine.up().error;
    Machine::put_sources();
    ShownOutputs outputs;
    for (const ShownCommand& command : commands) {
        const auto exception =
            std::find_if(exceptions.begin(), exceptions.end(),
                         [&](const Exception& candidate) { return candidate.command == command.text; });
        const auto result =
            Machine::run(exception == exceptions.end() ? outputs.as_run(command.text) : exception->lines);
        const std::string where = fmt::format("{}:{}: {}\n", document, command.line, command.text);
        EXPECT_TRUE(result.succeeded()) << where << "exit " << result.exit << '\n' << result.output;
        EXPECT_EQ(outputs.difference(command.output, with_shown_name(result.output)), "") << where;
    }
}

/// The shell commands of a pipeline's file, as blocks: in YAML what is indented below `run: |` or `- |`, in a
/// Jenkinsfile what is between `sh '''` and `'''`.
std::vector<std::string> pipeline_blocks(const std::string& text) {
    const std::regex begin{R"(( *)(run: \||- \||sh '''))"};
    std::vector<std::string> blocks;
    std::optional<std::size_t> outer; // how far the line is indented that began the block
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t indent = line.find_first_not_of(' ');
        if (outer && indent != std::string::npos && indent <= *outer) outer.reset();
        std::smatch found;
        if (outer) {
            blocks.back() += line + '\n';
        } else if (std::regex_match(line, found, begin)) {
            outer = static_cast<std::size_t>(found.length(1));
            blocks.emplace_back();
        }
    }
    return blocks;
}

/// Runs what an example for a pipeline runs, in a copy of the example universe.
void follow_pipeline(const std::string& file) {
    SCOPED_TRACE(file);
    const std::string text = sys::read_file(source_tree() / "docs/examples/ci" / file);
    std::smatch node;
    ASSERT_TRUE(std::regex_search(text, node, std::regex{R"(\bNODE(?:: | = ')(\w+))"}));
    const std::string checkout = "checkout/" + file;
    ASSERT_TRUE(Machine::run(fmt::format("mkdir -p checkout && cp -a docs/examples/universe {}", checkout))
                    .succeeded());
    const auto run = [&](const std::string& block) {
        return Machine::run(
            fmt::format("cd {} || exit\nexport NODE={}\nset -e\n{}", checkout, std::string{node[1]}, block));
    };
    std::string rehearsal;
    for (const std::string& block : pipeline_blocks(text)) {
        if (block.find("apt-get") != std::string::npos) continue; // the package; the program is there already
        if (block.find("disco-run") != std::string::npos) rehearsal = block;
        const auto result = run(block);
        EXPECT_TRUE(result.succeeded()) << block << "exit " << result.exit << '\n' << result.output;
    }
    const auto reports = run("grep '<testcase.*\"base\"' check.xml noop.xml && ls -s noop.html noop.json");
    EXPECT_TRUE(reports.succeeded()) << reports.output;
    ASSERT_NE(rehearsal, "");
    const auto broken =
        run("mkdir modules/base/scripts && echo 'exit 1' >modules/base/scripts/10-broken.sh\n" + rehearsal);
    EXPECT_FALSE(broken.succeeded()) << "a module that fails passes: " << broken.output;
    EXPECT_THAT(broken.output, testing::HasSubstr("1 module failed"));
}

TEST(Documents, ReadmeShowsWhatHappens) { follow("README.md"); }
TEST(Documents, GuideShowsWhatHappens) { follow("docs/guide.md"); }

TEST(Documents, PipelinesRunAsTheyAre) {
    const Machine machine;
    if (machine.up().exit == 77) GTEST_SKIP() << machine.up().error;
    ASSERT_TRUE(machine.up().succeeded()) << machine.up().output << machine.up().error;
    Machine::put_sources();
    // There is no sudo on the machine, and nobody but root.
    ASSERT_TRUE(Machine::run("printf '#!/bin/sh\\nexec \"$@\"\\n' >/usr/local/bin/sudo\n"
                             "chmod 0755 /usr/local/bin/sudo")
                    .succeeded());
    for (const char* file : {"gitlab-ci.yml", "github-workflow.yml", "Jenkinsfile"}) follow_pipeline(file);
}

TEST(Documents, ExceptionsAreForCommandsThatAreThere) {
    std::set<std::string> shown;
    for (const char* document : {"README.md", "docs/guide.md"})
        for (const ShownCommand& command : shown_commands(sys::read_file(source_tree() / document)))
            shown.insert(command.text);
    for (const Exception& exception : exceptions)
        EXPECT_TRUE(shown.contains(exception.command)) << exception.command;
}

} // namespace
} // namespace disco::tests
