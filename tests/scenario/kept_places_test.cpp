// What has to stay where it is, disco's own state and mounts: programs that move a directory above it are
// told so, in a no-op and live alike, and nothing is merged.

#include "tests/support/mounted_tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class KeptPlaces : public MountedTreeTest {
protected:
    /// `why`: what the report says.
    void expect_refused(const std::string& script, const std::string& why) {
        const Snapshot before = tree();
        for (const char* mode : {"--noop", "--merge"}) {
            const auto result = exec(mode, script);
            EXPECT_EQ(result.exit, 4) << mode << ": " << script << "\n" << result.output;
            EXPECT_THAT(result.output, HasSubstr(why)) << mode;
            EXPECT_THAT(result.output, Not(HasSubstr("conflict"))) << mode;
            EXPECT_THAT(changes(), IsEmpty()) << mode;
            EXPECT_EQ(difference(before, tree()), "") << mode << ": " << script;
        }
        expect_nothing_left();
    }
};

constexpr const char* state_stays = "'/var/lib' was renamed, removed or replaced in the sandbox, and disco's "
                                    "state is in '/var/lib/disco', which "
                                    "has to stay in its place. What to do: leave '/var/lib' as it is, or "
                                    "keep the state elsewhere (--state-dir)";

TEST_F(KeptPlaces, TheStateIsNotMovedWithWhatItLiesIn) {
    state_here = root() / "var/lib/disco";
    ASSERT_EQ(exec("--noop", "true").exit, 0);
    put(root() / "var/lib/other/file", "other\n");
    expect_refused("mv /var/lib /var/lib2", state_stays);
    expect_refused("mv /var/lib /var/lib2; ln -s lib2 /var/lib", state_stays);
    expect_refused("mv /var/lib /var/lib2; echo > /var/lib", state_stays);
    expect_refused("mv /var /var2",
                   "'/var' was renamed, removed or replaced in the sandbox, and disco's state is in "
                   "'/var/lib/disco'");
    expect_refused("mv /var/lib /var/lib2; mkdir /var/lib",
                   "'/var/lib/disco' was renamed, removed or replaced in the sandbox, and disco's state is");
    expect_refused("mv /var/lib /var/lib2; mkdir -p /var/lib/disco",
                   "'/var/lib/disco' was renamed, removed or replaced in the sandbox, and disco's state is");
    // What is mounted there cannot be removed, as natively; what is beside it can.
    const auto removed = exec("--noop", "rm -rf /var/lib");
    EXPECT_EQ(removed.exit, 4);
    EXPECT_THAT(removed.output + removed.error, HasSubstr("Device or resource busy"));
    EXPECT_EQ(exec("--merge", "rm -rf /var/lib/other; mkdir /var/lib/new").exit, 0);
}

TEST_F(KeptPlaces, StateElsewhereStaysToo) {
    put(root() / "srv/a/file", "x\n");
    state_here = root() / "srv/a/state";
    ASSERT_EQ(exec("--noop", "true").exit, 0);
    expect_refused("mv /srv/a /srv/b",
                   "'/srv/a' was renamed, removed or replaced in the sandbox, and disco's "
                   "state is in '/srv/a/state'");
    EXPECT_EQ(exec("--merge", "mv /srv/a/file /srv/b; mv /var/lib /var/lib2").exit, 0)
        << "nothing of disco's is in there";
}

TEST_F(KeptPlaces, AMountIsNotMovedWithWhatItLiesIn) {
    put(root() / "srv/a/file", "x\n");
    mount_tmpfs(root() / "srv/a/data");
    put(root() / "srv/a/data/file", "x\n");
    const std::string why =
        "'/srv/a' was renamed, removed or replaced in the sandbox, and '/srv/a/data' is a "
        "mount point, which a merge cannot move. What to do: leave '/srv/a' as it is, or "
        "unmount '/srv/a/data' before";
    expect_refused("mv /srv/a /srv/b", why);
    expect_refused("mv /srv/a /srv/b; ln -s b /srv/a", why);
    EXPECT_EQ(exec("--merge", "mv /srv/a/file /srv/b; mv /srv/a/data/file /srv/a/data/other").exit, 0);
}

} // namespace
} // namespace disco::tests
