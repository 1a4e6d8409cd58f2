// Metadata is set, and taken back, in directories that belong to others, who exchange names in them at any
// time.

#include "runner/merge/apply_steps.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/merge/preparation.hpp"
#include "runner/merge/undo_steps.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/moment.hpp"
#include "tests/support/exchanging.hpp"
#include "tests/support/throw_away.hpp"

#include <chrono>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using model::ObjectSource;

class SetMetadata : public ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        put(live() / "x", "own", 0600);
        // A file with two names is known by its inode, its type and its size.
        fs::create_hard_link(live() / "x", live() / "second");
        fs::create_directory(place() / "layer");
        put(place() / "layer/x", "own", 0604);
        ASSERT_EQ(::chown((place() / "layer/x").c_str(), 1000, 1000), 0);
        sys::set_xattr_at(AT_FDCWD, place() / "layer/x", "trusted.mark", "1");
    }
    fs::path live() const { return place() / "live"; }
    merge::MergePlaces places() const {
        return {"", sys::open_directory(live()), sys::open_directory(place() / "layer"),
                sys::open_directory(place() / "layer")};
    }
    model::MergePlan plan() const {
        model::MergePlan plan;
        plan.live.emplace_back(model::SetMetadata{"x",
                                                  {ObjectSource::Location::layer, "x"},
                                                  model::stamp(*sys::stat_path(live() / "x")),
                                                  0,
                                                  nullptr});
        return plan;
    }
    static std::string state_of(const fs::path& path) {
        const auto status = sys::stat_path(path);
        std::string text = fmt::format("{:o} {} {} {}.{}", status->st_mode, status->st_uid, status->st_gid,
                                       status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
        for (const auto& [name, value] : sys::read_xattrs_at(AT_FDCWD, path)) text += " " + name;
        return text;
    }
    /// Does it again and again for a second, or until the victim is another than it was.
    template <class Work> static void expect_unharmed(const fs::path& victim, const Work& work) {
        const std::string before = state_of(victim);
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
        do {
            try {
                work();
            } catch (const sys::Error&) { // it was the other one
            }
        } while (state_of(victim) == before && std::chrono::steady_clock::now() < until);
        EXPECT_EQ(state_of(victim), before);
    }
};

TEST_F(SetMetadata, GivesNoModeToWhatASymlinkMeansThatIsPutThereMeanwhile) {
    const fs::path victim = place() / "victim";
    put(victim, "secret", 0600);
    fs::create_symlink(victim, live() / "y");
    merge::MergePlaces places = this->places();
    const model::PreparedPlan plan = merge::prepare(this->plan(), places, nullptr);
    const Exchanging owner{live(), "x", "y"};
    expect_unharmed(victim, [&] { (void)merge::apply_steps(plan, places, sys::now()); });
}

TEST_F(SetMetadata, GivesNothingToAnotherFileThatIsPutThereMeanwhile) {
    put(live() / "y", "secret of root", 0600);
    const fs::path victim = place() / "victim"; // the same file, under a name that stays
    fs::create_hard_link(live() / "y", victim);
    merge::MergePlaces places = this->places();
    const model::PreparedPlan plan = merge::prepare(this->plan(), places, nullptr);
    const Exchanging owner{live(), "x", "y"};
    expect_unharmed(victim, [&] { (void)merge::apply_steps(plan, places, sys::now()); });
}

TEST_F(SetMetadata, IsTakenBackFromTheOneThatWasPlannedAlone) {
    put(live() / "y", "secret of root", 0600);
    const fs::path victim = place() / "victim";
    fs::create_hard_link(live() / "y", victim);
    merge::MergePlaces places = this->places();
    const model::PreparedPlan plan = merge::prepare(this->plan(), places, nullptr);
    ASSERT_EQ(::chown((live() / "y").c_str(), 7, 7), 0); // not as it was before the step
    const Exchanging owner{live(), "x", "y"};
    expect_unharmed(victim, [&] { (void)merge::undo_steps(plan, places, sys::now()); });
}

/// What is read here is given to the planned object when the step is taken back.
TEST_F(SetMetadata, IsTakenBackToNothingThatAnotherFileHad) {
    put(live() / "y", "program of root", 04755);
    const Exchanging owner{live(), "x", "y"};
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    const auto inode = sys::stat_path(live() / "second")->st_ino;
    int read = 0;
    do {
        model::MergePlan plan;
        model::Stamp expected = model::stamp(*sys::stat_path(live() / "second"));
        expected.inode = inode;
        plan.live.emplace_back(
            model::SetMetadata{"x", {ObjectSource::Location::layer, "x"}, expected, 0, nullptr});
        merge::MergePlaces places = this->places();
        model::PreparedPlan prepared;
        try {
            prepared = merge::prepare(std::move(plan), places, nullptr);
        } catch (const sys::Error&) { // it was the other one
            continue;
        }
        ++read;
        ASSERT_EQ(std::get<model::PreparedMetadata>(prepared.live.front()).change->before.mode, 0600U);
    } while (std::chrono::steady_clock::now() < until);
    EXPECT_GT(read, 0);
}

/// Each kind gets all that it can have, and gets it back.
TEST_F(SetMetadata, OfEveryKindOfObject) {
    ASSERT_EQ(::mkfifo((live() / "fifo").c_str(), 0600), 0);
    ASSERT_EQ(::mknod((live() / "device").c_str(), S_IFCHR | 0600, 0x103), 0);
    fs::create_symlink("/etc/passwd", live() / "link");
    fs::create_directory(live() / "directory");
    for (const char* name : {"x", "fifo", "device", "link", "directory"}) {
        const sys::UniqueFd directory = sys::open_directory(live());
        const auto before =
            merge::read_metadata(sys::HeldObject{directory.get(), name}, merge::Bookkeeping::keep);
        const bool link = std::string_view{name} == "link";
        model::Metadata wanted{link ? before.mode : 02750, 12, 13, {11, 5}, {22, 6}, {{"trusted.a", "1"}}};
        merge::set_metadata(sys::HeldObject{directory.get(), name}, wanted, merge::Times::copy);
        const auto status = *sys::stat_path(live() / name);
        EXPECT_EQ(status.st_uid, 12U) << name;
        EXPECT_EQ(status.st_gid, 13U) << name;
        EXPECT_EQ(status.st_mode & 07777, wanted.mode) << name;
        EXPECT_EQ(status.st_mtim.tv_sec, 22) << name;
        EXPECT_EQ(status.st_atim.tv_nsec, 5) << name;
        EXPECT_EQ(sys::read_xattrs_at(AT_FDCWD, live() / name), wanted.xattrs) << name;
        merge::set_metadata(sys::HeldObject{directory.get(), name}, before, merge::Times::copy);
        EXPECT_EQ(sys::read_xattrs_at(AT_FDCWD, live() / name), before.xattrs) << name;
        EXPECT_EQ(sys::stat_path(live() / name)->st_uid, before.uid) << name;
    }
}

} // namespace
} // namespace disco::tests
