#include "tests/property/trial.hpp"

#include "runner/report/json_values.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"
#include "tests/property/tree_state.hpp"
#include "tests/support/build_tree.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace disco::property {
namespace {

namespace fs = std::filesystem;

std::vector<int> numbers_in(const std::string& text) {
    std::istringstream words{text};
    std::vector<int> numbers;
    for (int number = 0; words >> number;) numbers.push_back(number);
    return numbers;
}

sys::ProgramResult run(std::vector<std::string> argv) {
    return sys::run_program({.argv = std::move(argv),
                             .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                             .input = {},
                             .timeout = std::chrono::minutes{1}});
}

class Trial {
public:
    Trial(const Script& script, const Grounds& grounds) : script_{script}, grounds_{grounds} {
        if (!grounds.alike || grounds.modules > 1) {
            std::erase_if(script_.furniture,
                          [&](const Operation& op) { return !is_the_same_everywhere(op); });
            std::erase_if(script_.work, [&](const Operation& op) { return !is_the_same_everywhere(op); });
        }
        const std::size_t parts = std::max<std::size_t>(grounds.modules, 1), all = script_.work.size();
        for (std::size_t part = 0; part < parts; ++part)
            parts_.emplace_back(script_.work.begin() + static_cast<std::ptrdiff_t>(all * part / parts),
                                script_.work.begin() + static_cast<std::ptrdiff_t>(all * (part + 1) / parts));
    }

    std::string objections() {
        furnish(native());
        furnish(merged());
        const TreeState before = read_tree(merged());
        if (const auto unequal = differences(before, read_tree(native()), before, DeliberateTimes::equal);
            !unequal.empty())
            return "the two trees begin differently:\n" + unequal;
        std::vector<int> worked;
        for (std::size_t part = 0; part < parts_.size(); ++part)
            for (const int number : numbers_in(run_in(native(), "work", work_name(part))))
                worked.push_back(number);
        if (grounds_.modules != 0) write_universe();
        const nlohmann::json noop = disco(Mode::noop);
        if (!objections_.empty()) return refused_rightly(before) ? std::string{} : objections_;
        if (const auto touched = differences(before, before, read_tree(merged()), DeliberateTimes::equal);
            !touched.empty())
            object("the no-op changed the tree:\n" + touched);
        const nlohmann::json live = disco(Mode::live);
        if (!objections_.empty()) return refused_rightly(before) ? std::string{} : objections_;
        compare_results(worked, results_of(live));
        const TreeState after = read_tree(merged());
        if (const auto unequal = differences(before, read_tree(native()), after, times()); !unequal.empty())
            object("the trees differ:\n" + unequal);
        const Links links = grounds_.modules > 1 ? Links::ignored : Links::count; // a module at a time
        compare_paths(changed_paths(before, after, links), noop);
        return objections_;
    }

private:
    /// What has flags that the scratch space's file system does not know cannot be copied up. That a
    /// directory is immutable, overlayfs forgets in the layer of an earlier module: the merge refuses
    /// instead.
    [[nodiscard]] bool is_the_same_everywhere(const Operation& op) const {
        if (op.act != Act::set_flags) return true;
        return grounds_.alike && (op.numbers[0] & FS_IMMUTABLE_FL) == 0;
    }

    [[nodiscard]] fs::path native() const { return grounds_.trees / "native"; }
    [[nodiscard]] fs::path merged() const { return grounds_.trees / "merged"; }
    [[nodiscard]] fs::path universe() const { return grounds_.trees / "universe"; }

    void furnish(const fs::path& root) const {
        remove(root);
        sys::make_directories(root, 0755);
        fs::copy_file(tests::build_tree() / "tests/property_payload", root / "payload");
        sys::write_file(root / "furnish", serialize(script_.furniture), 0644);
        for (std::size_t part = 0; part < parts_.size(); ++part)
            sys::write_file(root / work_name(part), serialize(parts_[part]), 0644);
        (void)run_in(root, "furnish", "furnish");
    }

    static void remove(const fs::path& root) {
        try {
            sys::remove_tree(root);
        } catch (const sys::SysError& error) {
            if (error.code() != EPERM) throw;
            (void)run({"chattr", "-R", "-f", "-i", "-a", root}); // some of it is immutable
            sys::remove_tree(root);
        }
    }

    static std::string work_name(std::size_t part) { return fmt::format("work{}", part); }

    static std::string run_in(const fs::path& root, const char* what, const std::string& list) {
        const sys::ProgramResult result = run({"chroot", root, "/payload", what, "/" + list});
        if (!result.succeeded())
            throw sys::Error{fmt::format("the payload fails with {}: {}", result.exit, result.error)};
        return result.output;
    }

    /// Every part is a module, whose script has the payload as its interpreter.
    void write_universe() const {
        sys::remove_tree(universe());
        for (std::size_t part = 0; part < parts_.size(); ++part) {
            const std::string name = fmt::format("m{}", part);
            const fs::path scripts = universe() / "modules" / name / "scripts";
            fs::create_directories(scripts);
            sys::write_file(scripts / "10-work", "#!/payload work\n" + serialize(parts_[part]), 0755);
            fs::create_directories(universe() / "parameters/node/modules");
            sys::write_file(universe() / "parameters/node/modules" / name, "", 0644);
        }
    }

    enum class Mode { noop, live };
    nlohmann::json disco(Mode mode) {
        std::vector<std::string> words = {tests::disco_binary(), "exec"};
        if (grounds_.modules != 0)
            words = {tests::disco_binary(), "dance", "--server", universe(), "--node", "node"};
        for (const std::string& word :
             std::vector<std::string>{"--root", merged(), "--state-dir", grounds_.state, "--json", "-"})
            words.push_back(word);
        if (mode == Mode::noop) words.emplace_back("--noop");
        if (grounds_.modules == 0) {
            if (mode == Mode::live) words.emplace_back("--merge");
            for (const char* word : {"--", "/payload", "work", "/work0"}) words.emplace_back(word);
        }
        const sys::ProgramResult result = run(words);
        nlohmann::json report = nlohmann::json::parse(result.output, nullptr, false);
        if (result.exit != 0 || report.is_discarded()) {
            object(fmt::format("disco {} exits with {} (signal {}): {}", mode == Mode::noop ? "--noop" : "",
                               result.exit, result.signal, result.error));
            if (!report.is_discarded()) object(report.at("merge").dump());
        }
        return report;
    }

    void compare_results(const std::vector<int>& native, const std::vector<int>& inside) {
        if (native.size() != script_.work.size() || inside.size() != native.size()) {
            object(fmt::format("{} operations, {} results natively, {} inside", script_.work.size(),
                               native.size(), inside.size()));
            return;
        }
        for (std::size_t i = 0; i < native.size(); ++i)
            if (native[i] != inside[i])
                object(fmt::format("operation {}: natively {}, inside {}", i, std::strerror(native[i]),
                                   std::strerror(inside[i])));
    }

    static std::vector<int> results_of(const nlohmann::json& report) {
        std::vector<int> results;
        for (const auto& module : report.at("modules"))
            for (const auto& step : module.at("steps")) {
                if (step.at("phase") != "script") continue;
                for (const int number : numbers_in(step.at("output"))) results.push_back(number);
            }
        return results;
    }

    /// What one module does and another one takes back is named, too.
    void compare_paths(const std::set<std::string>& changed, const nlohmann::json& noop) {
        std::set<std::string> named, expected;
        for (const auto& module : noop.at("modules"))
            for (const auto& change : module.at("changes")) named.insert(change.at("path"));
        for (const std::string& path : changed) expected.insert(report::json_name(path));
        for (const std::string& path : expected)
            if (!named.contains(path)) object(fmt::format("changed and not named by the no-op: {}", path));
        if (grounds_.modules > 1) return;
        for (const std::string& path : named)
            if (!expected.contains(path)) object(fmt::format("named by the no-op and not changed: {}", path));
    }

    /// What holds something immutable cannot be moved by copying it.
    [[nodiscard]] bool refused_rightly(const TreeState& before) const {
        const bool locked = std::any_of(before.begin(), before.end(), [](const auto& one) {
            return (one.second.flags & FS_IMMUTABLE_FL) != 0;
        });
        return locked && differences(before, before, read_tree(merged()), DeliberateTimes::equal).empty();
    }

    [[nodiscard]] DeliberateTimes times() const {
        return grounds_.modules > 1 ? DeliberateTimes::ignored : DeliberateTimes::equal;
    }

    void object(const std::string& text) { objections_ += text + "\n"; }

    Script script_;
    const Grounds& grounds_;
    std::vector<std::vector<Operation>> parts_; ///< of the work
    std::string objections_;
};

/// Leaves out what can be left out, in halves, quarters and so on.
void minimize(std::vector<Operation>& operations, const std::function<bool()>& still_fails) {
    for (std::size_t piece = std::max<std::size_t>(operations.size() / 2, 1);; piece /= 2) {
        for (std::size_t at = 0; at < operations.size();) {
            const std::vector<Operation> all = operations;
            const auto begin = operations.begin() + static_cast<std::ptrdiff_t>(at);
            operations.erase(begin,
                             begin + static_cast<std::ptrdiff_t>(std::min(piece, operations.size() - at)));
            if (still_fails()) continue;
            operations = all;
            at += piece;
        }
        if (piece == 1) return;
    }
}

std::string shown(const std::vector<Operation>& operations) {
    std::string lines;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const Operation& op = operations[i];
        lines += fmt::format("  {} {}{} {}", i, op.as_user ? "as user: " : "", to_string(op.act),
                             sys::printable(op.path));
        if (!op.other.empty()) lines += " " + sys::printable(op.other);
        lines += fmt::format(" {:#o} {}\n", op.numbers[0], op.numbers[1]);
    }
    return lines;
}

} // namespace

std::string objections(const Script& script, const Grounds& grounds) {
    try {
        return Trial{script, grounds}.objections();
    } catch (const sys::Error& error) {
        return "the trial fails: " + error.full_text();
    }
}

Script minimized(Script script, const Grounds& grounds) {
    const auto still_fails = [&] { return !objections(script, grounds).empty(); };
    minimize(script.work, still_fails);
    minimize(script.furniture, still_fails);
    minimize(script.work, still_fails);
    return script;
}

std::string shown(const Script& script) {
    return "furniture:\n" + shown(script.furniture) + "work:\n" + shown(script.work);
}

} // namespace disco::property
