// Times merge and rollback against the file system's own floor: `disco_merge_bench [ROUNDS]` as root prints a
// Markdown table. The throw-away trees lie below $TMPDIR, on the file system whose speed is of interest.

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "tests/bench/timing.hpp"

#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {

using namespace disco;
using namespace disco::bench;
namespace fs = std::filesystem;

constexpr int count = 20'000;

class MergeBench {
public:
    MergeBench(int rounds, std::string disco)
        : rounds_{rounds}, disco_{std::move(disco)}, place_{fs::temp_directory_path(), "disco-bench-"} {}

    void all() {
        furnish(root());
        print_heading();
        memory(); // first: what a program inherits from this one before it is executed counts as its own
        compare(
            "merge of 20 000 replaced small files", "20 000 RENAME_EXCHANGE and one syncfs", "≤ 2", rounds_,
            [&] { return merge_replaced(); }, [&] { return exchange(true); });
        compare(
            "merge of 20 000 replaced small files", "the same, and the new bytes to the disk before", "",
            rounds_, [&] { return merge_replaced(); }, [&] { return exchange(false); });
        compare(
            "merge of 20 000 replaced small files", "`rsync -a` of the same tree", "≤ 0.2", rounds_,
            [&] { return merge_replaced(); }, [&] { return rsync(); });
        compare(
            "rollback of that", "its merge", "≤ 1", rounds_, [&] { return roll_back(); },
            [&] { return merge_replaced(); });
        compare(
            "a new directory of 20 000 files of 32 KiB", "the same of 1 KiB", "1", rounds_,
            [&] { return merge_directory(32); }, [&] { return merge_directory(1); });
    }

private:
    [[nodiscard]] fs::path at(const char* name) const { return place_.path() / name; }
    [[nodiscard]] fs::path root() const { return at("root"); }

    static void fill(const fs::path& directory, std::string_view text) {
        sys::remove_tree(directory);
        for (int i = 0; i < count; ++i) put(directory / std::to_string(i), text);
    }

    /// Seconds of the step "merge" in a report.
    static double merge_seconds(const fs::path& report) {
        const auto json = nlohmann::json::parse(sys::read_file(report));
        for (const auto& step : json.at("metrics"))
            if (step.at("phase") == "merge") return step.at("wall_s");
        throw sys::Error{"the report has no step of the merge"};
    }
    Sample exec(const std::string& script) {
        return run({disco_, "exec", "--merge", "--root", root(), "--state-dir", at("state"), "--quiet",
                    "--json", at("report.json"), "--", "/bin/bash", "-c", script});
    }
    double merge_replaced() {
        fill(root() / "srv/many", "old\n");
        ::sync();
        exec("cd /srv/many && for f in *; do printf 'new\\0' > $f; done"); // no text, so that no diff is made
        return merge_seconds(at("report.json"));
    }
    double roll_back() {
        (void)merge_replaced();
        run({disco_, "rollback", "--state-dir", at("state"), "--quiet", "--json", at("report.json")});
        return merge_seconds(at("report.json"));
    }
    double merge_directory(int kib) {
        sys::remove_tree(root() / "srv/many");
        exec(fmt::format("mkdir /srv/many && cd /srv/many && printf -v x '%{}s' x && for ((i = 0; i < {}; "
                         "++i)); do echo $x $i > $i; done",
                         kib * 1024, count));
        return merge_seconds(at("report.json"));
    }

    /// `on_disk`: the new bytes were written before, as those of a dance that has just ended were not.
    double exchange(bool on_disk) {
        fill(at("a"), "old\n");
        if (!on_disk) ::sync();
        fill(at("b"), "new\n");
        if (on_disk) ::sync();
        const sys::UniqueFd a = sys::open_directory(at("a")), b = sys::open_directory(at("b"));
        return seconds_of([&] {
            if (!on_disk) sys::check(::syncfs(a.get()), "sync", at("a"));
            for (int i = 0; i < count; ++i) {
                const std::string name = std::to_string(i);
                sys::check(::renameat2(a.get(), name.c_str(), b.get(), name.c_str(), RENAME_EXCHANGE),
                           "exchange", name);
            }
            sys::check(::syncfs(a.get()), "sync", at("a"));
        });
    }
    double rsync() {
        fill(at("a"), "new and longer\n");
        fill(at("b"), "old\n");
        ::sync();
        return seconds_of([&] {
            run({"/usr/bin/rsync", "-a", at("a").string() + "/", at("b").string() + "/"});
        });
    }

    void memory() {
        sys::remove_tree(root() / "srv/many");
        for (int i = 0; i < 100'000; ++i) put(root() / "srv/many" / std::to_string(i), "old\n");
        const Sample sample =
            exec("cd /srv/many && for ((i = 0; i < 100000; ++i)); do printf 'new\\0' > $i; done");
        fmt::print("| memory with 100 000 replaced files | {:.1f} MiB | | | | ≤ 64 MiB + 200 B a path = 83.1 "
                   "MiB |\n",
                   static_cast<double>(sample.max_rss_kib) / 1024);
    }

    int rounds_;
    std::string disco_;
    sys::OwnedDirectory place_;
};

} // namespace

int main(int argc, char** argv) {
    try {
        MergeBench{argc > 1 ? std::atoi(argv[1]) : 5, DISCO_BINARY}.all();
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "disco_merge_bench: %s\n", error.what());
        return 1;
    }
}
