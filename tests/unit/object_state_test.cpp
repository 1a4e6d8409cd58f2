// When two states of an object differ, and how; the names of a tree's users.

#include "runner/model/change.hpp"
#include "runner/model/object_state.hpp"
#include "runner/model/overlay_xattrs.hpp"
#include "runner/model/owner_names.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <gmock/gmock.h>

namespace disco::model {
namespace {

ObjectState file() {
    ObjectState state;
    state.mode = 0644;
    state.size = 3;
    state.sha256 = sys::Sha256Digest{};
    return state;
}

template <class Edit> ObjectState edited(ObjectState state, const Edit& edit) {
    edit(state);
    return state;
}

TEST(ChangeKind, ComesFromBeingThere) {
    EXPECT_EQ(change_kind(std::nullopt, std::nullopt), std::nullopt);
    EXPECT_EQ(change_kind(std::nullopt, file()), ChangeKind::created);
    EXPECT_EQ(change_kind(file(), std::nullopt), ChangeKind::deleted);
    EXPECT_EQ(change_kind(file(), file()), std::nullopt);
}

struct EditRow {
    const char* name;
    void (*edit)(ObjectState&);
    std::optional<ChangeKind> expected;
};
class Edited : public testing::TestWithParam<EditRow> {};

TEST_P(Edited, IsThatKindOfChange) {
    EXPECT_EQ(change_kind(file(), edited(file(), GetParam().edit)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    File, Edited,
    testing::Values(EditRow{"times_do_not_count",
                            [](ObjectState& s) {
                                s.mtime = {5, 5};
                            },
                            std::nullopt},
                    EditRow{"mode", [](ObjectState& s) { s.mode = 0600; }, ChangeKind::metadata},
                    EditRow{"set_id_bit", [](ObjectState& s) { s.mode = 04644; }, ChangeKind::metadata},
                    EditRow{"owner", [](ObjectState& s) { s.uid = 1; }, ChangeKind::metadata},
                    EditRow{"group", [](ObjectState& s) { s.gid = 1; }, ChangeKind::metadata},
                    EditRow{"xattr",
                            [](ObjectState& s) {
                                s.xattrs = {{"user.a", "1"}};
                            },
                            ChangeKind::metadata},
                    EditRow{"size", [](ObjectState& s) { s.size = 4; }, ChangeKind::modified},
                    EditRow{"bytes", [](ObjectState& s) { s.sha256->back() = 1; }, ChangeKind::modified},
                    EditRow{"bytes_and_mode",
                            [](ObjectState& s) {
                                s.size = 4;
                                s.mode = 0600;
                            },
                            ChangeKind::modified},
                    EditRow{"type", [](ObjectState& s) { s.type = ObjectType::symlink; },
                            ChangeKind::replaced}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(ChangeKind, OfSymlinksAndDevices) {
    const auto link = edited(file(), [](ObjectState& s) { s.type = ObjectType::symlink; });
    EXPECT_EQ(change_kind(link, edited(link, [](ObjectState& s) { s.target = "x"; })), ChangeKind::modified);
    EXPECT_EQ(change_kind(link, edited(link, [](ObjectState& s) { s.mode = 0777; })), std::nullopt)
        << "a symlink's mode means nothing";
    const auto device = edited(file(), [](ObjectState& s) { s.type = ObjectType::character_device; });
    EXPECT_EQ(change_kind(device, edited(device, [](ObjectState& s) { s.rdev = 5; })), ChangeKind::modified);
}

TEST(ObjectState, ComesFromStat) {
    struct stat status = {};
    status.st_mode = S_IFCHR | 04640;
    status.st_rdev = makedev(1, 3);
    status.st_size = 7;
    const ObjectState state = object_state(status);
    EXPECT_EQ(state.type, ObjectType::character_device);
    EXPECT_EQ(state.mode, 04640U);
    EXPECT_EQ(state.rdev, makedev(1, 3));
    EXPECT_EQ(state.size, 0U) << "only files have a size";
    status.st_mode = S_IFREG;
    EXPECT_EQ(object_state(status).size, 7U);
    EXPECT_EQ(object_state(status).rdev, 0U);
}

TEST(Stamp, DiffersInEverythingThatTellsOfAChange) {
    struct stat status = {};
    status.st_ino = 1;
    const Stamp before = stamp(status);
    EXPECT_TRUE(before == stamp(status));
    const auto differs = [&](void (*edit)(struct stat&)) {
        struct stat other = status;
        edit(other);
        return !(before == stamp(other));
    };
    EXPECT_TRUE(differs([](struct stat& s) { s.st_ino = 2; }));
    EXPECT_TRUE(differs([](struct stat& s) { s.st_size = 2; }));
    EXPECT_TRUE(differs([](struct stat& s) { s.st_mtim.tv_nsec = 2; }));
    EXPECT_TRUE(differs([](struct stat& s) { s.st_ctim.tv_nsec = 2; }));
    EXPECT_TRUE(differs([](struct stat& s) { s.st_mode = 2; }));
    EXPECT_TRUE(differs([](struct stat& s) { s.st_uid = 2; }));
    EXPECT_TRUE(differs([](struct stat& s) { s.st_gid = 2; }));
}

TEST(OwnerNames, ComeFromTheTreesOwnFiles) {
    const OwnerNames names{
        "root:x:0:0:root:/root:/bin/bash\nweb:x:33:33::/:\nbad line\n::5:\ntwin:x:33:1::/:\n",
        "root:x:0:\nwww:x:33:web\n"};
    EXPECT_EQ(names.user(0), "root");
    EXPECT_EQ(names.user(33), "web") << "the first name of a number counts";
    EXPECT_EQ(names.user(4711), "4711");
    EXPECT_EQ(names.group(33), "www");
    EXPECT_EQ(names.find_user("twin"), 33U);
    EXPECT_EQ(names.find_user("4711"), 4711U);
    EXPECT_EQ(names.find_user("nobody"), std::nullopt);
    EXPECT_EQ(names.find_group("web"), std::nullopt);
    EXPECT_EQ(names.find_group("www"), 33U);
    EXPECT_EQ(names.find_user("-1"), std::nullopt);
    EXPECT_EQ(names.find_user("4294967296"), std::nullopt);
}

TEST(OverlayXattrs, AreShownAsTheMergedViewShowsThem) {
    EXPECT_EQ(visible_attribute("user.a"), "user.a");
    EXPECT_EQ(visible_attribute("trusted.a"), "trusted.a");
    EXPECT_EQ(visible_attribute("trusted.overlay.opaque"), std::nullopt);
    EXPECT_EQ(visible_attribute("trusted.overlay.overlay.opaque"), "trusted.overlay.opaque");
    EXPECT_EQ(visible_attribute("trusted.overlay.overlay.overlay.x"), "trusted.overlay.overlay.x");
}

} // namespace
} // namespace disco::model
