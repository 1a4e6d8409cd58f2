#include "tests/support/booted_host.hpp"
#include "tests/support/build_tree.hpp"

#include "runner/sys/error.hpp"

#include <algorithm>
#include <optional>

#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

const char* name_of(Machine machine) { return machine == Machine::disco ? "disco" : "native"; }

fs::path known() { return build_tree() / "booted"; }

sys::ProgramResult host(std::vector<std::string> words, const std::string& input = {},
                        std::chrono::seconds timeout = std::chrono::minutes{4}) {
    words.insert(words.begin(), source_tree() / "tests/booted/host");
    std::vector<std::string> environment = {std::string{"PATH="} + sys::usual_path};
    for (const char* name : {"DISCO_TESTS_MUST_RUN", "DISCO_BOOTED_CACHE"})
        if (const char* value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
    return sys::run_program({.argv = std::move(words),
                             .environment = std::move(environment),
                             .input = input,
                             .timeout = timeout});
}

bool is_up() {
    for (const char* name : {"disco", "native"}) {
        const auto leader = sys::read_file_if_exists(known() / fmt::format("{}.leader", name));
        if (!leader || ::kill(static_cast<pid_t>(std::stol(*leader)), 0) != 0) return false;
    }
    return true;
}

/// Ends what this program has booted for itself.
class OwnHost : public testing::Environment {
public:
    void TearDown() override {
        if (!booted) return;
        EXPECT_TRUE(host({"down", build_tree()}).succeeded());
    }
    bool booted = false;
};
// GoogleTest owns it. The tests are listed without it being used.
OwnHost* const own_host = static_cast<OwnHost*>(testing::AddGlobalTestEnvironment(new OwnHost));

/// Empty, or why the machines are not there. Tried once.
const sys::ProgramResult& bring_up() {
    static const sys::ProgramResult result = [] {
        if (is_up()) return host({"program", build_tree()});
        sys::ProgramResult made =
            host({"up", build_tree(), std::to_string(::getpid())}, {}, std::chrono::minutes{10});
        own_host->booted = made.succeeded();
        return made;
    }();
    return result;
}

std::string said(const sys::ProgramResult& result) { return result.output + result.error; }

} // namespace

void BootedTest::SetUp() {
    const sys::ProgramResult& result = bring_up();
    if (result.exit == 77) GTEST_SKIP() << result.error;
    ASSERT_TRUE(result.succeeded()) << said(result);
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    universe_ = fs::path{"/srv"} / fmt::format("universe-{}.{}", test->test_suite_name(), test->name());
    fs::remove_all(root(Machine::disco) / universe_.relative_path());
}

sys::ProgramResult BootedTest::run(Machine machine, const std::string& lines) {
    return host({"in", build_tree(), name_of(machine), "bash", "-c", lines});
}

std::string BootedTest::answer(Machine machine, const std::string& lines) {
    const sys::ProgramResult result = run(machine, lines);
    std::string text = said(result);
    if (!result.succeeded()) text += fmt::format("exit {}, signal {}\n", result.exit, result.signal);
    return text;
}

void BootedTest::prepare(Machine machine, const std::string& lines) {
    const sys::ProgramResult result = run(machine, "set -e\n" + lines);
    if (!result.succeeded())
        throw sys::Error{fmt::format("on {}: {}: {}", name_of(machine), lines, said(result))};
}

void BootedTest::prepare_both(const std::string& lines) {
    prepare(Machine::native, lines);
    prepare(Machine::disco, lines);
}

sys::ProgramResult BootedTest::do_on_both(const std::string& lines) {
    prepare(Machine::native, lines);
    sys::ProgramResult result = exec({"--merge"}, "set -e\n" + lines);
    EXPECT_TRUE(result.succeeded()) << "exit " << result.exit << ": " << lines << '\n' << said(result);
    return result;
}

std::string BootedTest::expect_same(const std::string& lines) {
    std::string native = answer(Machine::native, lines);
    EXPECT_EQ(answer(Machine::disco, lines), native) << "natively it is the second, after: " << lines;
    return native;
}

sys::ProgramResult BootedTest::disco(const std::vector<std::string>& words) {
    std::vector<std::string> all = {"in", build_tree(), "disco", "disco"};
    all.insert(all.end(), words.begin(), words.end());
    return host(std::move(all));
}

sys::ProgramResult BootedTest::exec(const std::vector<std::string>& options, const std::string& lines) {
    std::vector<std::string> words = {"exec"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", "bash", "-c", lines});
    return disco(words);
}

sys::ProgramResult BootedTest::dance(const std::vector<std::string>& options) const {
    std::vector<std::string> words = {"dance", "--server", universe_, "--node", "booted"};
    words.insert(words.end(), options.begin(), options.end());
    return disco(words);
}

void BootedTest::module_file(const std::string& module, const std::string& path, std::string_view bytes,
                             mode_t mode) const {
    const fs::path universe = root(Machine::disco) / universe_.relative_path();
    put(universe / "modules" / module / path, bytes, mode);
    put(universe / "parameters/booted/modules" / module, "");
}

nlohmann::json BootedTest::last_report() {
    fs::path last; // the names of runs sort by time
    for (const auto& entry : fs::directory_iterator{root(Machine::disco) / "var/lib/disco/runs"})
        last = std::max(last, entry.path());
    return nlohmann::json::parse(sys::read_file(last / "report.json"));
}

std::string BootedTest::printed() {
    std::string text;
    const nlohmann::json report = last_report();
    for (const auto& module : report.at("modules"))
        for (const auto& step : module.at("steps"))
            if (step.at("phase") == "script") text += step.at("output").get<std::string>();
    return text;
}

std::string BootedTest::answer_in_noop(const std::string& lines) {
    const sys::ProgramResult result = exec({"--noop", "--json", "-"}, lines);
    const nlohmann::json report = nlohmann::json::parse(result.output);
    const nlohmann::json step = report.at("modules").at(0).at("steps").at(0);
    std::string text = step.at("output");
    if (step.at("exit") != 0 || step.at("signal") != 0)
        text += fmt::format("exit {}, signal {}\n", step.at("exit").get<int>(), step.at("signal").get<int>());
    return text;
}

std::string BootedTest::notices() {
    std::string text;
    const nlohmann::json report = last_report();
    for (const auto& module : report.at("modules"))
        for (const auto& notice : module.at("notices"))
            text += fmt::format("{}: {}\n", notice.at("kind").get<std::string>(),
                                notice.at("text").get<std::string>());
    return text;
}

std::vector<std::string> BootedTest::actions() {
    std::vector<std::string> texts;
    const nlohmann::json report = last_report();
    for (const auto& module : report.at("modules"))
        for (const auto& action : module.at("actions")) {
            std::string text = action.at("outcome");
            for (const std::string word : action.at("argv")) text += " " + word;
            texts.push_back(text);
        }
    return texts;
}

std::vector<std::string> BootedTest::changes() {
    std::vector<std::string> texts;
    const nlohmann::json report = last_report();
    for (const auto& module : report.at("modules"))
        for (const auto& change : module.at("changes"))
            texts.push_back(change.at("kind").get<std::string>() + " " +
                            change.at("path").get<std::string>());
    return texts;
}

fs::path BootedTest::root(Machine machine) {
    std::string roots = sys::read_file(known() / "roots");
    while (!roots.empty() && roots.back() == '\n') roots.pop_back();
    return fs::path{roots} / name_of(machine);
}

} // namespace disco::tests
