#include "tests/support/power_loss.hpp"
#include "tests/support/build_tree.hpp"

#include "runner/sys/error.hpp"
#include "tests/support/every_kind.hpp"
#include "tests/support/processes.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

/// As small as their mkfs permits and the minimal root needs.
unsigned mebibytes(const std::string& type) {
    if (type == "xfs") return 300;
    return type == "btrfs" ? 160 : 96;
}

const char* text_of(Reaches reaches) {
    switch (reaches) {
    case Reaches::nothing: return "nothing more on disk";
    case Reaches::metadata: return "all metadata on disk";
    case Reaches::metadata_of_root: return "all metadata of the root on disk";
    case Reaches::metadata_of_state: return "all metadata of the state on disk";
    case Reaches::some_files: return "some files on disk";
    }
    return "";
}

/// Processes that wait for confirmation outlive the run, and have its file open. The test has become their
/// parent.
void end_all_watchers(const std::string& state) {
    for (const pid_t watcher : processes_with({"--await", state})) ::kill(watcher, SIGKILL);
}

/// Also those that are only being started.
void wait_until_alone(const std::string& state) {
    for (int tries = 0; tries < 1000; ++tries, ::usleep(5000)) {
        pid_t reaped = 0;
        while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) {}
        if (reaped < 0) return;
        end_all_watchers(state);
    }
    ADD_FAILURE() << "a process outlived the run";
}

/// What is renamed to its place has another name until then, and may be anything. The journal is read line by
/// line, and what it says counts only as far as it goes.
bool must_be_whole(const std::string& name) {
    constexpr std::array names = {"record", "size",      "rolled-back", "confirm",
                                  "tree",   "confirmed", "unconfirmed", "report.json"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

void PrintTo(const Disks& disks, std::ostream* out) {
    *out << disks.type << (disks.state_elsewhere ? ", state elsewhere" : ", one disk");
}

std::string name_of(const testing::TestParamInfo<Disks>& disks) {
    std::string name = disks.param.type;
    name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
    return name + (disks.param.state_elsewhere ? "StateElsewhere" : "OneDisk");
}

std::vector<Disks> all_disks() {
    std::vector<Disks> all;
    for (const char* type : {"ext4", "xfs", "btrfs"})
        for (const bool state_elsewhere : {false, true}) all.push_back({type, state_elsewhere});
    return all;
}

std::string PowerLossTest::Point::text() const {
    return fmt::format("killed at {}, {}", call.line, text_of(reaches));
}

void PowerLossTest::SetUp() {
    MountedTreeTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    need({"/usr/bin/strace"});
    if (IsSkipped() || HasFatalFailure()) return;
    const std::string type = GetParam().type;
    const fs::path model = place() / "model";
    fs::rename(root(), model);
    root_disk_.emplace(place() / "disk-of-root", type, mebibytes(type), root());
    (void)succeed({"cp", "-a", model / ".", root()});
    fs::remove_all(model);
    fs::create_directories(root() / "home");
    if (GetParam().state_elsewhere)
        state_disk_.emplace(place() / "disk-of-state", type, mebibytes(type), state());
    else
        state_here = root() / "var/lib/disco";
    fs::create_directories(state());
    outside(fmt::format("cd {}; {}", root().string(), furnish_every_kind));
    keep_as("furnished");
}

void PowerLossTest::TearDown() {
    if (!IsSkipped() && !place().empty()) {
        wait_until_alone(state());
        if (root_disk_) fs::remove_all(state() / "scratch"); // goes with the next run; here nobody comes
        if (root_disk_) fs::create_directories(state() / "scratch");
        state_disk_.reset();
        root_disk_.reset();
    }
    MountedTreeTest::TearDown();
}

std::vector<Reaches> PowerLossTest::all_reaches() const {
    std::vector<Reaches> all = {Reaches::nothing, Reaches::metadata, Reaches::some_files};
    if (state_disk_) all.insert(all.end(), {Reaches::metadata_of_state, Reaches::metadata_of_root});
    return all;
}

std::vector<PowerLossTest::Point> PowerLossTest::points(const std::vector<ChangingCall>& calls,
                                                        std::size_t wanted) const {
    const std::vector<Reaches> reaches = all_reaches();
    std::vector<Point> chosen;
    if (every_point()) {
        for (const ChangingCall& call : calls)
            for (const Reaches one : reaches) chosen.push_back({call, one});
        return chosen;
    }
    // The suites take turns with the kinds of calls.
    const std::vector<Disks> suites = all_disks();
    const auto suite =
        static_cast<std::size_t>(std::find_if(suites.begin(), suites.end(),
                                              [&](const Disks& one) {
                                                  return one.type == std::string{GetParam().type} &&
                                                         one.state_elsewhere == GetParam().state_elsewhere;
                                              }) -
                                 suites.begin());
    std::map<std::string, std::vector<std::size_t>> kinds;
    for (std::size_t i = 0; i < calls.size(); ++i) kinds[calls[i].name].push_back(i);
    std::mt19937 random{static_cast<unsigned>(suite)};
    std::vector<std::size_t> indices;
    std::size_t turn = 0;
    for (const auto& [name, of_kind] : kinds)
        if (turn++ % suites.size() == suite) indices.push_back(of_kind[random() % of_kind.size()]);
    for (std::size_t i = 0; i < wanted; ++i) {
        const std::size_t from = calls.size() * i / wanted, to = calls.size() * (i + 1) / wanted;
        if (from < to) indices.push_back(from + random() % (to - from));
    }
    indices.push_back(calls.size() - 1);
    std::sort(indices.begin(), indices.end());
    for (const std::size_t index : indices)
        chosen.push_back({calls[index], reaches[(suite + chosen.size()) % reaches.size()]});
    return chosen;
}

void PowerLossTest::keep_as(const std::string& name) {
    wait_until_alone(state());
    root_disk_->keep_as(name);
    if (state_disk_) state_disk_->keep_as(name);
}

void PowerLossTest::restore(const std::string& name) {
    wait_until_alone(state());
    root_disk_->restore(name);
    if (state_disk_) state_disk_->restore(name);
}

void PowerLossTest::lose_power(Reaches reaches) {
    wait_until_alone(state());
    const bool of_root = reaches == Reaches::metadata || reaches == Reaches::metadata_of_root;
    const bool of_state = reaches == Reaches::metadata || reaches == Reaches::metadata_of_state;
    if (of_root) root_disk_->commit_metadata();
    if (of_state && state_disk_) state_disk_->commit_metadata();
    if (reaches == Reaches::some_files) {
        root_disk_->sync_some(++seed_);
        if (state_disk_) state_disk_->sync_some(++seed_);
    }
    root_disk_->lose_power();
    if (state_disk_) state_disk_->lose_power();
}

void PowerLossTest::crash(const std::vector<std::string>& words, const Point& point) {
    EXPECT_EQ(run_with_fault(words, point.call, "signal=KILL").signal, SIGKILL) << point.text();
    lose_power(point.reaches);
}

void PowerLossTest::recover(const std::string& at) const {
    expect_whole_state(at);
    const auto recovered = command("recover");
    EXPECT_EQ(recovered.exit, 0) << at << "\n" << recovered.output << recovered.error;
}

PowerLossTest::Found PowerLossTest::expect_either(const Trees& trees, const std::string& at) {
    recover(at);
    const auto found = [&] {
        return difference(trees.new_one, tree()).empty() ? Found::new_one : Found::old_one;
    };
    const Found first = found();
    if (first == Found::old_one) {
        EXPECT_EQ(difference(trees.old_one, restorable_tree()), "") << at;
    }
    lose_power(Reaches::nothing);
    recover(at + ", and the power lost once more after the recovery");
    EXPECT_EQ(found(), first) << at << ": the recovery is not on disk";
    if (first == Found::old_one) {
        EXPECT_EQ(difference(trees.old_one, restorable_tree()), "") << at;
    }
    outside(fmt::format("rm -rf {}/scratch/*", state().string())); // goes with the next run
    expect_nothing_left();
    if (HasFailure()) ADD_FAILURE() << at;
    return first;
}

void PowerLossTest::expect_whole_state(const std::string& at) const {
    const auto runs = command("runs");
    EXPECT_EQ(runs.exit, 0) << at << "\n" << runs.output << runs.error;
    for (const auto& entry : fs::recursive_directory_iterator{state()}) {
        const std::string inside = entry.path().lexically_relative(state());
        if (inside.starts_with("scratch") || inside.find("/data/") != std::string::npos) continue;
        if (!entry.is_regular_file() || !must_be_whole(entry.path().filename()) || entry.file_size() > 0)
            continue;
        // A no-op does not wait for the disk; what has happened to the live root would be listed
        // nevertheless.
        const std::string run = entry.path().parent_path().filename();
        EXPECT_TRUE(entry.path().filename() == "report.json" && runs.output.find(run) == std::string::npos)
            << entry.path() << " is empty: " << at;
    }
}

Snapshot PowerLossTest::restorable_tree() const { return without_state(restorable(root())); }

std::vector<std::string> PowerLossTest::merge_words() const {
    return exec_words("--merge", change_every_kind);
}

std::vector<std::string> PowerLossTest::command_words(const std::string& command) const {
    return {disco_binary(), command, "--state-dir", state()};
}

std::vector<ChangingCall> PowerLossTest::calls_of(const std::vector<std::string>& words) const {
    return changing_calls(words, state() / "undo", place() / "strace");
}

} // namespace disco::tests
