#include "runner/overlay/mount_class.hpp"
#include "runner/sys/error.hpp"

#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::overlay {

void PrintTo(const ClassifiedMount& row, std::ostream* out) {
    constexpr const char* words[] = {"managed",  "runtime", "private", "kernel",
                                     "readonly", "foreign", "closed",  "bound_file"};
    *out << words[static_cast<std::size_t>(row.kind)] << " '" << row.inside << "' at " << row.live.string()
         << ' ' << row.type;
}

namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using enum MountClass;

constexpr bool a_file = false;

SeenMount seen(int id, int parent, const char* point, const char* type = "ext4",
               const char* options = "rw,relatime", bool directory = true) {
    return {{.id = id,
             .parent = parent,
             .root = "/",
             .point = point,
             .options = options,
             .type = type,
             .source = "none"},
            directory};
}

bool refuses_none(const sys::Mount& /*mount*/) { return false; }

SeenMount the_root() { return seen(1, 0, "/"); }

struct ClassRow {
    const char* name;
    SeenMount mount;
    MountClass expected;
};
class OneMount : public testing::TestWithParam<ClassRow> {};

TEST_P(OneMount, HasItsClass) {
    const ClassRow& row = GetParam();
    const std::string point = row.mount.mount.point;
    const std::string type =
        row.expected == foreign || row.mount.mount.type == "autofs" ? row.mount.mount.type : "";
    const bool by_overlay = row.expected == readonly && row.mount.mount.type == "ext4";
    EXPECT_THAT(classify_mounts({the_root(), row.mount}, "/", refuses_none),
                ElementsAre(ClassifiedMount{managed, "", "/"},
                            ClassifiedMount{row.expected, point, point, type, by_overlay}));
}

INSTANTIATE_TEST_SUITE_P(
    Table, OneMount,
    testing::Values(
        ClassRow{"managed", seen(2, 1, "/home"), managed},
        ClassRow{"managed_tmpfs", seen(2, 1, "/srv/cache", "tmpfs"), managed},
        ClassRow{"managed_network", seen(2, 1, "/srv/nfs", "nfs4"), managed},
        ClassRow{"managed_with_a_later_ro", seen(2, 1, "/home", "ext4", "rw,nosuid,ro"), managed},
        ClassRow{"managed_with_a_word_like_ro", seen(2, 1, "/home", "ext4", "root_squash"), managed},
        ClassRow{"private_tmp", seen(2, 1, "/tmp", "tmpfs"), private_},
        ClassRow{"runtime", seen(2, 1, "/run", "tmpfs"), runtime},
        ClassRow{"private_though_readonly", seen(2, 1, "/tmp", "ext4", "ro"), private_},
        ClassRow{"runtime_whatever_its_type", seen(2, 1, "/run", "ramfs"), runtime},
        ClassRow{"like_private_elsewhere", seen(2, 1, "/var/tmp", "tmpfs"), managed},
        ClassRow{"like_private_in_name", seen(2, 1, "/tmp2", "tmpfs"), managed},
        ClassRow{"kernel_proc", seen(2, 1, "/proc", "proc"), kernel},
        ClassRow{"kernel_sys", seen(2, 1, "/sys", "sysfs"), kernel},
        ClassRow{"kernel_dev", seen(2, 1, "/dev", "devtmpfs"), kernel},
        ClassRow{"kernel_dev_though_a_tmpfs", seen(2, 1, "/dev", "tmpfs"), kernel},
        ClassRow{"kernel_type_elsewhere", seen(2, 1, "/srv/chroot/proc", "proc"), kernel},
        ClassRow{"kernel_type_readonly", seen(2, 1, "/srv/sys", "sysfs", "ro,nosuid"), kernel},
        ClassRow{"kernel_type_of_a_file", seen(2, 1, "/srv/netns", "nsfs", "rw", a_file), kernel},
        ClassRow{"kernel_automount", seen(2, 1, "/net", "autofs"), kernel},
        ClassRow{"like_kernel_in_name", seen(2, 1, "/devices"), managed},
        ClassRow{"readonly", seen(2, 1, "/usr", "ext4", "ro,relatime"), readonly},
        ClassRow{"readonly_and_nothing_else", seen(2, 1, "/usr", "squashfs", "ro"), readonly},
        ClassRow{"foreign_vfat", seen(2, 1, "/boot/efi", "vfat"), foreign},
        ClassRow{"foreign_exfat", seen(2, 1, "/media/stick", "exfat"), foreign},
        ClassRow{"foreign_hfsplus", seen(2, 1, "/boot/efi", "hfsplus"), foreign},
        ClassRow{"readonly_though_vfat", seen(2, 1, "/boot/efi", "vfat", "ro,relatime"), readonly},
        ClassRow{"private_though_vfat", seen(2, 1, "/tmp", "vfat"), private_},
        ClassRow{"managed_fuse", seen(2, 1, "/srv/exfat", "fuseblk"), managed},
        ClassRow{"bound_file_of_vfat", seen(2, 1, "/etc/x", "vfat", "rw", a_file), bound_file},
        ClassRow{"bound_file", seen(2, 1, "/etc/resolv.conf", "ext4", "rw", a_file), bound_file},
        ClassRow{"bound_file_readonly", seen(2, 1, "/etc/hostname", "tmpfs", "ro", a_file), bound_file}),
    [](const auto& row) { return std::string{row.param.name}; });

struct TreeRow {
    const char* name;
    std::string root;
    std::vector<SeenMount> mounts;
    std::vector<ClassifiedMount> expected; ///< after the root itself
};
class ManyMounts : public testing::TestWithParam<TreeRow> {};

TEST_P(ManyMounts, AreListedAsTheyAreSeen) {
    const TreeRow& row = GetParam();
    std::vector<ClassifiedMount> expected = {{managed, "", row.root}};
    expected.insert(expected.end(), row.expected.begin(), row.expected.end());
    EXPECT_THAT(classify_mounts(row.mounts, row.root, refuses_none), ElementsAreArray(expected));
}

INSTANTIATE_TEST_SUITE_P(
    Nested, ManyMounts,
    testing::Values(
        TreeRow{"no_table", "/", {}, {}},
        TreeRow{"parents_come_first",
                "/",
                {the_root(), seen(4, 3, "/home/a/b"), seen(3, 2, "/home/a"), seen(2, 1, "/home")},
                {{managed, "/home", "/home"},
                 {managed, "/home/a", "/home/a"},
                 {managed, "/home/a/b", "/home/a/b"}}},
        TreeRow{"managed_below_readonly",
                "/",
                {the_root(), seen(2, 1, "/usr", "ext4", "ro"), seen(3, 2, "/usr/local")},
                {{readonly, "/usr", "/usr", "", true}, {managed, "/usr/local", "/usr/local"}}},
        TreeRow{"file_below_managed",
                "/",
                {the_root(), seen(2, 1, "/srv"), seen(3, 2, "/srv/f", "ext4", "rw", a_file)},
                {{managed, "/srv", "/srv"}, {bound_file, "/srv/f", "/srv/f"}}},
        TreeRow{"managed_below_foreign",
                "/",
                {the_root(), seen(2, 1, "/boot/efi", "vfat"), seen(3, 2, "/boot/efi/data")},
                {{foreign, "/boot/efi", "/boot/efi", "vfat"}, {managed, "/boot/efi/data", "/boot/efi/data"}}},
        TreeRow{"private_run_of_another_root",
                "/srv/image",
                {the_root(), seen(2, 1, "/srv/image/run", "tmpfs")},
                {{private_, "/run", "/srv/image/run"}}},
        TreeRow{"nothing_below_runtime",
                "/",
                {the_root(), seen(2, 1, "/run", "tmpfs"), seen(3, 2, "/run/user/0", "tmpfs")},
                {{runtime, "/run", "/run"}}},
        TreeRow{"nothing_below_tmp_that_is_no_mount", "/", {the_root(), seen(2, 1, "/tmp/x")}, {}},
        TreeRow{
            "nothing_below_dev_that_is_no_mount", "/", {the_root(), seen(2, 1, "/dev/pts", "devpts")}, {}},
        TreeRow{"nothing_below_kernel",
                "/",
                {the_root(), seen(2, 1, "/srv/c", "cgroup2"), seen(3, 2, "/srv/c/x", "tmpfs"),
                 seen(4, 3, "/srv/c/x/y")},
                {{kernel, "/srv/c", "/srv/c"}}},
        TreeRow{"names_that_only_begin_alike",
                "/",
                {the_root(), seen(2, 1, "/srv/c", "cgroup2"), seen(3, 1, "/srv/cc")},
                {{kernel, "/srv/c", "/srv/c"}, {managed, "/srv/cc", "/srv/cc"}}},
        TreeRow{"the_upper_of_two_at_one_point",
                "/",
                {the_root(), seen(2, 1, "/mnt", "ext4", "ro"), seen(3, 2, "/mnt", "xfs", "rw")},
                {{managed, "/mnt", "/mnt"}}},
        TreeRow{"the_upper_of_three_at_one_point",
                "/",
                {the_root(), seen(2, 1, "/mnt"), seen(3, 2, "/mnt", "proc"), seen(4, 3, "/mnt", "xfs", "ro")},
                {{readonly, "/mnt", "/mnt", "", true}}},
        TreeRow{"one_that_a_later_parent_hides",
                "/",
                {the_root(), seen(2, 1, "/a/b", "ext4", "ro"), seen(3, 1, "/a")},
                {{managed, "/a", "/a"}}},
        TreeRow{"one_below_a_parent_that_is_covered",
                "/",
                {the_root(), seen(2, 1, "/a"), seen(3, 2, "/a/b"), seen(4, 2, "/a", "xfs")},
                {{managed, "/a", "/a"}}},
        TreeRow{"those_below_a_covered_root",
                "/",
                {the_root(), seen(2, 1, "/a"), seen(3, 1, "/"), seen(4, 3, "/b")},
                {{managed, "/b", "/b"}}},
        TreeRow{"another_root_is_cut_off",
                "/srv/image",
                {the_root(), seen(2, 1, "/home"), seen(3, 1, "/srv"), seen(4, 3, "/srv/image/home"),
                 seen(5, 3, "/srv/image/tmp", "tmpfs"), seen(6, 3, "/srv/image2")},
                {{managed, "/home", "/srv/image/home"}, {private_, "/tmp", "/srv/image/tmp"}}},
        TreeRow{"another_root_that_is_a_readonly_mount",
                "/srv/image",
                {the_root(), seen(2, 1, "/srv/image", "ext4", "ro"), seen(3, 2, "/srv/image/var")},
                {{managed, "/var", "/srv/image/var"}}},
        TreeRow{"another_root_below_tmp_has_a_tmp_of_its_own",
                "/tmp/image",
                {the_root(), seen(2, 1, "/tmp", "tmpfs"), seen(3, 2, "/tmp/image/etc"),
                 seen(4, 2, "/tmp/image/proc", "proc")},
                {{managed, "/etc", "/tmp/image/etc"}, {kernel, "/proc", "/tmp/image/proc"}}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(MountClass, IsNotHiddenByWhatIsHiddenItself) {
    // /a/b was mounted, then /a over it, then /a/b again, in the new /a.
    std::vector<std::string> inside;
    for (const ClassifiedMount& row :
         classify_mounts({the_root(), seen(2, 1, "/a/b", "xfs"), seen(3, 1, "/a"), seen(4, 3, "/a/b")}, "/",
                         refuses_none))
        inside.push_back(row.inside);
    EXPECT_THAT(inside, testing::ElementsAre("", "/a", "/a/b"));
}

TEST(MountClass, OfWhatEvenRootCannotLookAt) {
    SeenMount theirs = seen(2, 1, "/home/alice/mnt", "fuse.sshfs");
    theirs.closed = true;
    const auto never = [](const sys::Mount& /*mount*/) {
        ADD_FAILURE() << "a trial of it cannot tell anything";
        return false;
    };
    EXPECT_THAT(classify_mounts({the_root(), theirs, seen(3, 2, "/home/alice/mnt/below", "xfs")}, "/", never),
                ElementsAre(ClassifiedMount{managed, "", "/"},
                            ClassifiedMount{closed, "/home/alice/mnt", "/home/alice/mnt"}));
    theirs.mount.point = "/run/user/1000/gvfs";
    EXPECT_THAT(classify_mounts({the_root(), theirs}, "/", never),
                ElementsAre(ClassifiedMount{managed, "", "/"}));
}

TEST(MountClass, IsForeignWhereTheKernelRefusesItAndItsTypeDoesNotTell) {
    std::vector<std::string> asked;
    const auto refuses = [&](const sys::Mount& mount) {
        asked.push_back(mount.point);
        return mount.type == "ext4";
    };
    const std::vector<SeenMount> mounts = {the_root(),
                                           seen(2, 1, "/boot/efi", "vfat"),
                                           seen(3, 1, "/home", "xfs"),
                                           seen(4, 1, "/proc", "proc"),
                                           seen(5, 1, "/srv"),
                                           seen(6, 5, "/srv/ntfs", "fuseblk"),
                                           seen(7, 1, "/tmp/x"),
                                           seen(8, 1, "/usr", "ext4", "ro")};
    EXPECT_THAT(
        classify_mounts(mounts, "/", refuses),
        ElementsAre(
            ClassifiedMount{managed, "", "/"}, ClassifiedMount{foreign, "/boot/efi", "/boot/efi", "vfat"},
            ClassifiedMount{managed, "/home", "/home"}, ClassifiedMount{kernel, "/proc", "/proc"},
            ClassifiedMount{foreign, "/srv", "/srv", "ext4"},
            ClassifiedMount{managed, "/srv/ntfs", "/srv/ntfs"}, ClassifiedMount{readonly, "/usr", "/usr"}));
    EXPECT_THAT(asked, ElementsAre("/srv", "/srv/ntfs", "/usr"));
}

TEST(MountClass, OfAFileWhereProgramsMeetIsClosed) {
    SeenMount socket = seen(2, 1, "/srv/docker.sock", "tmpfs", "rw", a_file);
    socket.meeting_point = true;
    EXPECT_THAT(classify_mounts({the_root(), socket}, "/", refuses_none),
                ElementsAre(ClassifiedMount{managed, "", "/"},
                            ClassifiedMount{closed, "/srv/docker.sock", "/srv/docker.sock"}));
}

struct RootRow {
    const char* name;
    std::string root;
    std::vector<SeenMount> mounts;
    MountClass expected;
};
class LiveRoot : public testing::TestWithParam<RootRow> {};

TEST_P(LiveRoot, IsForeignWhereTheMountItLiesOnIs) {
    const auto rows = classify_mounts(GetParam().mounts, GetParam().root, refuses_none);
    EXPECT_EQ(rows.at(0), (ClassifiedMount{GetParam().expected, "", GetParam().root,
                                           GetParam().expected == foreign ? "vfat" : ""}));
}

INSTANTIATE_TEST_SUITE_P(
    Table, LiveRoot,
    testing::Values(
        RootRow{"the_top", "/", {seen(1, 0, "/", "vfat")}, foreign},
        RootRow{"a_mount_point", "/mnt", {the_root(), seen(2, 1, "/mnt", "vfat")}, foreign},
        RootRow{"a_directory_in_one", "/mnt/a/b", {the_root(), seen(2, 1, "/mnt", "vfat")}, foreign},
        RootRow{"a_name_that_only_begins_alike", "/mnt2", {the_root(), seen(2, 1, "/mnt", "vfat")}, managed},
        RootRow{"above_one", "/mnt", {the_root(), seen(2, 1, "/mnt/efi", "vfat")}, managed},
        RootRow{"on_another_in_one",
                "/mnt/a",
                {the_root(), seen(2, 1, "/mnt", "vfat"), seen(3, 2, "/mnt/a")},
                managed},
        RootRow{"in_one_that_is_covered",
                "/mnt/a",
                {the_root(), seen(2, 1, "/mnt", "vfat"), seen(3, 2, "/mnt", "xfs")},
                managed},
        RootRow{"in_one_that_covers",
                "/mnt/a",
                {the_root(), seen(3, 2, "/mnt", "vfat"), seen(2, 1, "/mnt", "xfs")},
                foreign}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(MountClass, OfAFileSystemThatBecameReadOnly) {
    SeenMount broken = seen(2, 1, "/home"); // errors=remount-ro: every mount says rw, the file system says ro
    broken.mount.super_options = "ro,errors=remount-ro";
    const auto rows = classify_mounts({the_root(), broken}, "/", refuses_none);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1].kind, MountClass::readonly);
}

TEST(MountTable, IsReadAsTheKernelWritesIt) {
    const auto mounts = sys::parse_mountinfo(
        "30 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
        "31 30 8:2 /sub /mnt/a\\040b ro,nosuid master:2 propagate_from:1 - xfs /dev/sdb ro\n"
        "32 30 0:5 / /x rw - tmpfs none\n");
    ASSERT_EQ(mounts.size(), 3U);
    EXPECT_EQ(mounts[0].super_options, "rw,errors=remount-ro");
    EXPECT_EQ(mounts[1].point, "/mnt/a b");
    EXPECT_EQ(mounts[1].root, "/sub");
    EXPECT_EQ(mounts[1].options, "ro,nosuid");
    EXPECT_EQ(mounts[1].type, "xfs");
    EXPECT_EQ(mounts[2].super_options, "");
    EXPECT_THROW((void)sys::parse_mountinfo("30 1 8:1 / /\n"), sys::Error);
}

} // namespace
} // namespace disco::overlay
