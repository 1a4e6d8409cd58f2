// Copies of what lies in a directory whose owner is somebody else, who exchanges names there.

#include "runner/merge/object_copy.hpp"
#include "runner/overlay/object_reader.hpp"
#include "runner/sys/descent.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/exchanging.hpp"
#include "tests/support/throw_away.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

class ObjectCopyTest : public ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        for (const fs::path& made : {from(), to()}) fs::create_directory(made);
    }
    fs::path from() const { return place() / "from"; }
    fs::path to() const { return place() / "to"; }

    static void give(const fs::path& path, uid_t owner) {
        sys::check(::lchown(path.c_str(), owner, owner), "give away", path);
    }
    /// Copies `x` again and again while it is exchanged with `secret`. What `look` finds in a copy that has
    /// the owner of the one and the content of the other; empty when there is none.
    template <class Look> std::string mixed(const Look& look) {
        const sys::UniqueFd source = sys::open_directory(from()), target = sys::open_directory(to());
        const Exchanging owner{from(), "x", "secret"};
        for (int i = 0; i < 3000; ++i) {
            try {
                merge::ObjectCopy{target.get()}.copy(source.get(), "x", "copy");
                std::string found = look(to() / "copy");
                if (sys::stat_path(to() / "copy")->st_uid == 1000 ? found != "theirs" : found != "secret")
                    return found;
            } catch (const sys::SysError&) { // that it was exchanged may show
            }
            sys::remove_tree(to() / "copy");
        }
        return {};
    }
};

TEST_F(ObjectCopyTest, OfAFileHasTheBytesOfItsOwner) {
    put(from() / "x", "theirs");
    put(from() / "secret", "secret", 0600);
    give(from() / "x", 1000);
    EXPECT_EQ(mixed([](const fs::path& copy) { return sys::read_file(copy); }), "");
}

TEST_F(ObjectCopyTest, OfADirectoryHoldsWhatItsOwnerHas) {
    put(from() / "x/in", "theirs");
    put(from() / "secret/in", "secret");
    give(from() / "x", 1000);
    ASSERT_EQ(::chmod((from() / "secret").c_str(), 0700), 0);
    EXPECT_EQ(mixed([](const fs::path& copy) { return sys::read_file(copy / "in"); }), "");
}

/// A report shows what others may read.
TEST_F(ObjectCopyTest, WhatIsReadForAReportIsOfOneObjectToo) {
    put(from() / "x", "secret", 0600);
    put(from() / "public", "theirs");
    const sys::UniqueFd source = sys::open_directory(from());
    const struct stat seen = *sys::stat_path(from() / "public");
    overlay::ObjectReader reader;
    EXPECT_THROW((void)reader.read(source.get(), "x", seen, overlay::ObjectReader::Location::live),
                 sys::MovedMeanwhile);
}

TEST_F(ObjectCopyTest, OfALinkLeadsWhereItsOwnerLetsIt) {
    fs::create_symlink("theirs", from() / "x");
    fs::create_symlink("secret", from() / "secret");
    give(from() / "x", 1000);
    EXPECT_EQ(mixed([](const fs::path& copy) { return fs::read_symlink(copy).string(); }), "");
}

} // namespace
} // namespace disco::tests
