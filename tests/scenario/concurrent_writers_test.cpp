// Somebody else keeps changing the live root during hundreds of merges. None of their updates is lost, and
// nothing of a merge that did not happen is there.

#include "runner/sys/error.hpp"
#include "tests/support/mounted_tree.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <new>
#include <random>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

enum Way : std::size_t { append, aside, flip, mode, directory };
constexpr std::size_t ways = 5;
constexpr useconds_t longest_tick = 10'000;
constexpr std::array<mode_t, 3> modes = {0600, 0640, 0644};

/// What the writer has done, outside the tree: the number of its last completed update of every way.
struct Log {
    std::array<std::atomic<unsigned>, ways> done = {};
    std::atomic<bool> pause = false, paused = false, stop = false;
};

/// The other one. An update's number is in what it writes; every way has a file or directory of its own.
class Writer {
public:
    Writer(const fs::path& tree, Log& log) : log_{log}, random_{std::random_device{}()} {
        if (::chdir(tree.c_str()) != 0) ::_exit(1);
    }
    [[noreturn]] void run() {
        while (!log_.stop) {
            if (log_.pause) {
                log_.paused = true;
                ::usleep(500);
                continue;
            }
            const auto way = static_cast<Way>(random_() % ways);
            const unsigned number = log_.done[way] + 1;
            if (update(way, number)) log_.done[way] = number;
            ::usleep(static_cast<useconds_t>(random_() % 6000));
            // What is made, seen and removed within one tick of the clock looks like the script's own.
            if (way == flip && number % 2 == 1) ::usleep(longest_tick);
        }
        ::_exit(0);
    }

private:
    static bool write(const char* name, int flags, const std::string& text) {
        const int file = ::open(name, O_WRONLY | O_CLOEXEC | flags, 0644);
        if (file < 0) return false;
        const bool whole = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        return ::close(file) == 0 && whole;
    }
    static bool update(Way way, unsigned number) {
        const std::string line = fmt::format("w{}\n", number);
        switch (way) {
        case append: return write("append", O_APPEND | O_CREAT, line);
        case aside: return write("aside.new", O_TRUNC | O_CREAT, line) && ::rename("aside.new", "aside") == 0;
        case flip: return number % 2 == 1 ? write("flip", O_EXCL | O_CREAT, line) : ::unlink("flip") == 0;
        case mode: return ::chmod("mode", modes[number % modes.size()]) == 0;
        case directory:
            if (!write(number % 2 == 1 ? "even/n" : "odd/n", O_TRUNC | O_CREAT, line)) return false;
            return (number % 2 == 1 ? ::rename("even", "odd") : ::rename("odd", "even")) == 0;
        }
        return false;
    }

    Log& log_;
    std::mt19937 random_;
};

enum class Layout { one_mount, state_elsewhere, overlay_root };

class ConcurrentWriters : public MountedTreeTest, public testing::WithParamInterface<Layout> {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        if (GetParam() == Layout::state_elsewhere) mount_tmpfs(state());
        if (GetParam() == Layout::overlay_root) {
            fs::rename(root(), place() / "lower");
            mount_overlay(place() / "lower", root());
        }
        tree_ = root() / "srv/writer";
        for (const char* name : {"append", "aside", "even/n"}) put(tree_ / name, "");
        put(tree_ / "mode", "", modes[0]);
        void* memory =
            ::mmap(nullptr, sizeof(Log), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(memory, MAP_FAILED);
        log_ = new (memory) Log;
        writer_ = sys::check(::fork(), "fork");
        if (writer_ == 0) Writer{tree_, *log_}.run();
    }
    void TearDown() override {
        if (log_ != nullptr) {
            log_->stop = true;
            EXPECT_EQ(exit_of(writer_), 0);
            ::munmap(log_, sizeof(Log));
        }
        MountedTreeTest::TearDown();
    }

    /// Merges one change: the script's token, into what the writer changes in that way.
    void merge(unsigned number) {
        const auto way = static_cast<Way>(number % ways);
        constexpr std::array<const char*, ways> scripts = {
            "echo s{0} >> append", "echo s{0} >> aside", "[ ! -e flip ] || echo s{0} >> flip",
            "echo s{0} >> mode", "for d in even odd; do [ ! -d $d ] || echo s{0} > $d/s; done"};
        const auto result = exec(
            "--merge", fmt::format("cd /srv/writer; {}", fmt::format(fmt::runtime(scripts[way]), number)));
        ++exits_[result.exit];
        if (result.exit == 0)
            merged_.insert(fmt::format("s{}", number));
        else
            EXPECT_THAT(result.exit, testing::AnyOf(4, 8, 10)) << result.output << result.error;
        if (result.exit == 4) {
            EXPECT_THAT(result.output + result.error, testing::HasSubstr("nothing was merged"));
        }
        if (result.exit == 10) undone_ += result.output + result.error;
    }

    [[nodiscard]] static std::vector<std::string> tokens(const fs::path& file) {
        std::istringstream words{sys::read_file_if_exists(file).value_or("")};
        return {std::istream_iterator<std::string>{words}, {}};
    }
    /// What was put aside with a message, as it met with somebody else's change while it was undone.
    [[nodiscard]] std::set<std::string> kept_aside() const {
        std::set<std::string> all;
        if (!fs::exists(state() / "changed-meanwhile")) return all;
        for (const auto& entry : fs::recursive_directory_iterator{state() / "changed-meanwhile"})
            if (entry.is_regular_file())
                for (std::string& token : tokens(entry.path())) all.insert(std::move(token));
        return all;
    }

    /// While the writer rests.
    void verify() {
        log_->paused = false;
        log_->pause = true;
        while (!log_->paused) ::usleep(200);
        const std::set<std::string> aside_tokens = kept_aside();
        const auto last = [&](Way way) { return log_->done[way].load(); };

        std::set<std::string> appended;
        for (const std::string& token : tokens(tree_ / "append"))
            EXPECT_TRUE(appended.insert(token).second) << token << " is there twice";
        for (unsigned number = 1; number <= last(append); ++number) {
            const std::string token = fmt::format("w{}", number);
            if (appended.contains(token)) continue;
            EXPECT_TRUE(aside_tokens.contains(token)) << "lost: " << token << " of append\n" << undone_;
            ++put_aside_;
        }
        const auto expect_last = [&](const char* file, Way way) {
            const auto found = tokens(tree_ / file);
            if (last(way) == 0) return;
            EXPECT_EQ(found.empty() ? "" : found[0], fmt::format("w{}", last(way))) << file << "\n"
                                                                                    << undone_;
        };
        const bool there = last(flip) % 2 == 1, odd = last(directory) % 2 == 1;
        expect_last("aside", aside);
        EXPECT_EQ(fs::exists(tree_ / "flip"), there)
            << testing::PrintToString(tokens(tree_ / "flip")) << "; last update: " << last(flip) << "\n"
            << undone_;
        if (there) expect_last("flip", flip);
        EXPECT_EQ(fs::exists(tree_ / "odd"), odd) << undone_;
        EXPECT_EQ(fs::exists(tree_ / "even"), !odd) << undone_;
        expect_last(odd ? "odd/n" : "even/n", directory);
        struct stat status = {};
        sys::check(::stat((tree_ / "mode").c_str(), &status), "stat", "mode");
        EXPECT_EQ(status.st_mode & 07777, modes[last(mode) % modes.size()]) << undone_;

        for (const auto& entry : fs::recursive_directory_iterator{tree_}) {
            if (!entry.is_regular_file()) continue;
            for (const std::string& token : tokens(entry.path()))
                EXPECT_TRUE(token.starts_with('w') || merged_.contains(token))
                    << token << " was not merged, and is in " << entry.path() << "\n"
                    << undone_;
        }
        EXPECT_EQ(outside(fmt::format("find {} -name '.disco*'", root().string())), "");
        undone_.clear();
        log_->pause = false;
    }

    std::map<int, unsigned> exits_;
    unsigned put_aside_ = 0;
    std::string undone_; ///< what undone merges have said since the last look

private:
    fs::path tree_;
    Log* log_ = nullptr;
    pid_t writer_ = 0;
    std::set<std::string> merged_;
};

TEST_P(ConcurrentWriters, LoseNoUpdate) {
    const char* wanted = std::getenv("DISCO_TESTS_DANCES");
    const unsigned dances = wanted != nullptr ? static_cast<unsigned>(std::atoi(wanted)) : 150;
    for (unsigned number = 1; number <= dances; ++number) {
        merge(number);
        if (number % 10 == 0) verify();
        if (HasFailure()) break;
    }
    std::cout << fmt::format("{} merged, {} conflicts, {} undone; {} updates put aside\n", exits_[0],
                             exits_[4] + exits_[8], exits_[10], put_aside_);
    EXPECT_GT(exits_[0], dances / 10);
    EXPECT_GT(exits_[4] + exits_[8] + exits_[10], 0U);
}

std::string name_of(const testing::TestParamInfo<Layout>& layout) {
    constexpr std::array names = {"OneMount", "StateElsewhere", "OverlayRoot"};
    return names.at(static_cast<std::size_t>(layout.param));
}

INSTANTIATE_TEST_SUITE_P(Layouts, ConcurrentWriters,
                         testing::Values(Layout::one_mount, Layout::state_elsewhere, Layout::overlay_root),
                         name_of);

/// So many steps that originals are looked at while later steps are taken. The writer has the file open, as
/// who opened it right before, and writes once it was replaced.
constexpr int files_replaced = 3000;
class WriterDuringALargeMerge : public MountedTreeTest, public testing::WithParamInterface<int> {};

TEST_P(WriterDuringALargeMerge, IsSeenAndLosesNothing) {
    for (int i = 0; i < files_replaced; ++i) put(root() / fmt::format("srv/{:04}", i), "old\n");
    const Snapshot before = tree();
    const fs::path path = root() / fmt::format("srv/{:04}", GetParam());
    sys::UniqueFd file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
    struct stat open = {};
    sys::check(::fstat(file.get(), &open), "stat", path);
    const pid_t merge = start(exec_words("--merge", "cd /srv; for f in *; do echo new > $f; done"));
    ::setpriority(PRIO_PROCESS, 0, -20); // a merge waits for writers for a fifth of a second only
    bool replaced = false;
    for (siginfo_t ended = {}; !replaced && ended.si_pid == 0;
         ::waitid(P_PID, static_cast<id_t>(merge), &ended, WEXITED | WNOWAIT | WNOHANG)) {
        const auto there = sys::stat_path(path);
        replaced = there && there->st_ino != open.st_ino;
        ::usleep(100);
    }
    EXPECT_TRUE(replaced) << log();
    EXPECT_EQ(::write(file.get(), "theirs\n", 7), 7);
    file.reset();
    ::setpriority(PRIO_PROCESS, 0, 0);
    EXPECT_EQ(exit_of(merge), 10) << log();
    EXPECT_THAT(log(), testing::HasSubstr("somebody else had the file open and wrote to it"));
    EXPECT_EQ(sys::read_file(path), "old\ntheirs\n");
    Snapshot now = tree(), then = before;
    const std::string name = fmt::format("/srv/{:04}", GetParam());
    now.erase(name);
    then.erase(name);
    EXPECT_EQ(difference(then, now), "");
    expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Of, WriterDuringALargeMerge, testing::Values(0, 1500, files_replaced - 1));

} // namespace
} // namespace disco::tests
