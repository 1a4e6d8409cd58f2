// Times the program against a floor, as ratios in one run: `disco_bench [ROUNDS]` as root prints a Markdown
// table. The throw-away trees lie below $TMPDIR, on the file system whose speed is of interest.

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"
#include "tests/bench/timing.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {

using namespace disco;
using namespace disco::bench;
namespace fs = std::filesystem;

constexpr const char* with_filter = "--with-filter";

/// Becomes a program that has a seccomp filter which allows everything.
[[noreturn]] void exec_with_filter(char** words) {
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {1, &allow};
    sys::check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
    sys::check(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "load a filter");
    ::execv(words[0], words);
    throw sys::SysError{errno, "run", words[0]};
}

void bare_bash(int times) {
    for (int i = 0; i < times; ++i) run({"/bin/bash", "-c", "true"});
}

class Bench {
public:
    Bench(int rounds, std::string disco)
        : rounds_{rounds}, disco_{std::move(disco)}, place_{fs::temp_directory_path(), "disco-bench-"} {}

    void all() {
        print_heading();
        exec();
        calls();
        modules();
        // Last: the file system has work for minutes after very many files were removed. And memory before
        // the report of many files is read here: a child's peak counts this process's memory before exec.
        memory();
        many_files();
    }

private:
    [[nodiscard]] fs::path at(const char* name) const { return place_.path() / name; }

    void exec() {
        constexpr int times = 20;
        compare(
            "`disco exec --noop --root / -- /bin/true`, 20 times", "`bash -c true`, 20 times", "≤ 6", rounds_,
            [&] {
                return seconds_of([&] {
                    for (int i = 0; i < times; ++i)
                        run({disco_, "exec", "--noop", "--root", "/", "--state-dir", at("state-exec"), "--",
                             "/bin/true"});
                });
            },
            [&] { return seconds_of([&] { bare_bash(times); }); });
    }

    /// A script that makes very many cheap calls. What any filter costs, even one that allows everything, is
    /// the kernel's.
    void calls() {
        const std::vector<std::string> sandbox = {
            disco_, "exec", "--noop", "--quiet", "--root", "/", "--state-dir", at("state-calls"), "--"};
        const int short_rounds = 5 * rounds_; // they take a tenth of a second
        // Ten calls each: open, close, and bash's care for its descriptors.
        const char* redirections = "for ((i = 0; i < 10000; i++)); do : > /dev/null; done";
        compare(
            "100 000 calls of a bash script (10 000 redirections) in `disco exec --noop`", "the same, bare",
            "≤ 1.1", short_rounds, [&] { return script_seconds(sandbox, redirections); },
            [&] { return script_seconds({}, redirections); });
        const char* copying = "dd if=/dev/zero of=/dev/null bs=1 count=50000 2>/dev/null";
        const auto inside = [&] { return script_seconds(sandbox, copying); };
        const char* what = "100 000 one-byte reads and writes (`dd`) in `disco exec --noop`";
        compare(what, "the same, bare", "≤ 1.1", short_rounds, inside,
                [&] { return script_seconds({}, copying); });
        compare(what, "the same with a filter that allows everything", "≤ 1.1", short_rounds, inside, [&] {
            return script_seconds({"/proc/self/exe", with_filter}, copying);
        });
    }

    /// The script times itself.
    static double script_seconds(std::vector<std::string> words, const std::string& script) {
        if (!words.empty() && words[0] == "/proc/self/exe") words[0] = fs::read_symlink(words[0]);
        words.insert(
            words.end(),
            {"/bin/bash", "-c", "t=$EPOCHREALTIME; " + script + "; echo $((${EPOCHREALTIME/.} - ${t/.}))"});
        const sys::ProgramResult result =
            sys::run_program({.argv = words,
                              .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                              .input = {},
                              .timeout = std::chrono::seconds{60}});
        if (result.exit != 0) throw sys::Error{fmt::format("{} … failed: {}", words[0], result.error)};
        return std::stod(result.output) / 1e6;
    }

    void modules() {
        const fs::path universe = at("universe");
        for (int i = 0; i < 100; ++i) {
            const fs::path module = universe / fmt::format("modules/m{:03}", i);
            put(module / fmt::format("files/etc/bench/{}.file", i), "a file\n");
            put(module / fmt::format("templates/etc/bench/{}.one", i),
                "echo one $(disco-param get bench/value)");
            put(module / fmt::format("templates/etc/bench/{}.two", i), "echo two $DISCO_NODE");
            put(module / "scripts/10-script.sh", "mkdir -p /srv/bench\n", 0755);
            put(universe / fmt::format("parameters/bench/modules/m{:03}", i), "");
        }
        put(universe / "parameters/bench/bench/value", "42\n");
        const fs::path root = at("root");
        furnish(root);
        const auto dance = [&](const char* state, bool noop) {
            std::vector<std::string> words = {disco_,  "dance",  "--server", universe,      "--node",
                                              "bench", "--root", root,       "--state-dir", at(state)};
            if (noop) words.emplace_back("--noop");
            return run(words).seconds;
        };
        const auto floor = [&] { return seconds_of([&] { bare_bash(300); }); };
        compare(
            "100 modules (1 file, 2 templates, 1 script), first no-op", "`bash -c true`, 300 times", "≤ 2.5",
            rounds_,
            [&] {
                sys::remove_tree(at("state-first"));
                return dance("state-first", true);
            },
            floor);
        compare(
            "the same again (universe fetched)", "`bash -c true`, 300 times", "", rounds_,
            [&] { return dance("state-first", true); }, floor);
        dance("state-live", false);
        compare(
            "the same, converged", "a no-op with everything pending", "≤ 1", rounds_,
            [&] { return dance("state-live", true); },
            [&] {
                sys::remove_tree(root / "etc/bench");
                sys::remove_tree(root / "srv/bench");
                const double seconds = dance("state-live", true);
                dance("state-live", false);
                return seconds;
            });
    }

    void many_files() {
        constexpr int count = 20'000;
        const fs::path root = at("root-many");
        furnish(root);
        const std::vector<std::string> words = {
            disco_,
            "exec",
            "--merge",
            "--root",
            root,
            "--state-dir",
            at("state-many"),
            "--quiet",
            "--json",
            at("many.json"),
            "--",
            "/bin/bash",
            "-c",
            fmt::format(
                "mkdir /srv/many && cd /srv/many && for ((i = 0; i < {}; ++i)); do echo $i > $i; done",
                count)};
        compare(
            "20 000 small new files: scan, diff, merge", "rename and lstat of 20 000 files", "≤ 3",
            std::min(rounds_, 5),
            [&] {
                sys::remove_tree(root / "srv/many");
                run(words);
                return spent_after_script(at("many.json"));
            },
            [&] {
                const fs::path from = at("from"), to = at("to");
                for (int i = 0; i < count; ++i) put(from / std::to_string(i), "x\n");
                fs::create_directory(to);
                ::sync();
                const double seconds = seconds_of([&] {
                    for (int i = 0; i < count; ++i) {
                        const fs::path a = from / std::to_string(i), b = to / std::to_string(i);
                        struct stat status = {};
                        if (::lstat(a.c_str(), &status) != 0 || ::rename(a.c_str(), b.c_str()) != 0)
                            throw sys::SysError{errno, "rename", a};
                    }
                });
                sys::remove_tree(from);
                sys::remove_tree(to);
                return seconds;
            });
    }

    /// Wall time of the diff and merge steps of a report: what disco adds to the script itself.
    static double spent_after_script(const fs::path& report);

    void memory() {
        const fs::path root = at("root-memory");
        furnish(root);
        // Usage of children includes the script's, and this process's before exec: both stay below 16 MiB.
        const Sample sample =
            run({disco_, "exec", "--merge", "--root", root, "--state-dir", at("state-memory"), "--quiet",
                 "--", "/bin/bash", "-c",
                 "mkdir /srv/many && cd /srv/many && for ((i = 0; i < 100000; ++i)); do echo $i > $i; done"});
        fmt::print("| memory with 100 000 changed files | {:.1f} MiB | | | | ≤ 64 MiB |\n",
                   static_cast<double>(sample.max_rss_kib) / 1024);
    }

    int rounds_;
    std::string disco_;
    sys::OwnedDirectory place_;
};

double Bench::spent_after_script(const fs::path& report) {
    const auto json = nlohmann::json::parse(sys::read_file(report));
    double seconds = 0;
    for (const auto& step : json.at("metrics")) seconds += step.at("wall_s").get<double>();
    for (const auto& step : json.at("modules").at(0).at("steps"))
        if (step.at("phase") != "script") seconds += step.at("wall_s").get<double>();
    return seconds;
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc > 2 && std::string_view{argv[1]} == with_filter) exec_with_filter(argv + 2);
        Bench{argc > 1 ? std::atoi(argv[1]) : 9, DISCO_BINARY}.all();
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "disco_bench: %s\n", error.what());
        return 1;
    }
}
