#include "runner/report/package_files.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace disco::report {
namespace {

TEST(PackageOfEntry, IsAllBeforeTheLastDot) {
    EXPECT_EQ(package_of_entry("vim.list"), "vim");
    EXPECT_EQ(package_of_entry("libc6:amd64.md5sums"), "libc6:amd64");
    EXPECT_EQ(package_of_entry("python3.11-minimal.postinst"), "python3.11-minimal");
    EXPECT_EQ(package_of_entry("format"), "");
    EXPECT_EQ(package_of_entry(""), "");
}

struct PlaceRow {
    const char* path;
    bool expected;
};
class Place : public testing::TestWithParam<PlaceRow> {};

TEST_P(Place, FollowsTheTable) {
    EXPECT_EQ(is_package_place(GetParam().path), GetParam().expected) << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(Of, Place,
                         testing::Values(PlaceRow{"/usr/bin/vim", true}, PlaceRow{"/bin/sh", true},
                                         PlaceRow{"/opt/x/y", true}, PlaceRow{"/var/lib/x", true},
                                         PlaceRow{"/etc/vim/vimrc", false}, PlaceRow{"/etcetera", true},
                                         PlaceRow{"/usr/local/bin/x", false}, PlaceRow{"/usr/localx/x", true},
                                         PlaceRow{"/home/me/x", false}, PlaceRow{"/root/.x", false},
                                         PlaceRow{"/srv/x", false}, PlaceRow{"/tmp/x", false},
                                         PlaceRow{"/run/x", false}));

PackageFiles two_packages() {
    PackageFiles files;
    files.add_list("vim", "/.\n/usr\n/usr/share\n/usr/share/vim/a file\n/etc/vim/vimrc\n/usr/bin/vim\n");
    files.add_list("libc6:amd64",
                   "/.\n/lib/x86_64-linux-gnu/libc.so.6\n/bin/getconf"); // no newline at its end
    return files;
}

TEST(PackageFiles, KnowTheOwnerOfWhatIsListed) {
    const PackageFiles files = two_packages();
    EXPECT_EQ(files.owner_of("/usr/bin/vim"), "vim");
    EXPECT_EQ(files.owner_of("/usr/share/vim/a file"), "vim");
    EXPECT_EQ(files.owner_of("/bin/getconf"), "libc6:amd64");
    for (const char* nobodys : {"/usr/bin/vi", "/usr/bin/vim/x", "usr/bin/vim", "/usr/share/vim/a", "", "/"})
        EXPECT_EQ(files.owner_of(nobodys), "") << nobodys;
}

TEST(PackageFiles, LeaveConfigurationToTheAdministrator) {
    EXPECT_EQ(two_packages().owner_of("/etc/vim/vimrc"), "");
}

TEST(PackageFiles, KnowAMergedUsrByTheOldNames) {
    const PackageFiles files = two_packages();
    EXPECT_EQ(files.owner_of("/usr/lib/x86_64-linux-gnu/libc.so.6"), "libc6:amd64");
    EXPECT_EQ(files.owner_of("/usr/bin/getconf"), "libc6:amd64");
    EXPECT_EQ(files.owner_of("/usr/usr/bin/vim"), "");
    EXPECT_EQ(files.owner_of("/usr/etc/vim/vimrc"), "");
}

TEST(PackageFiles, OfSeveralStatesTheLastOwnerCounts) {
    PackageFiles files = two_packages();
    files.add_list("vim-tiny", "/usr/bin/vim\n");
    EXPECT_EQ(files.owner_of("/usr/bin/vim"), "vim-tiny");
    files.add_list("vim-tiny", "/usr/bin/vim.tiny\n"); // what its earlier list named is its own still
    EXPECT_EQ(files.owner_of("/usr/bin/vim"), "vim-tiny");
    EXPECT_EQ(files.owner_of("/usr/bin/vim.tiny"), "vim-tiny");
}

TEST(PackageFiles, WhatDpkgNotesAboutAPackageBelongsToIt) {
    const PackageFiles files;
    EXPECT_EQ(files.owner_of("/var/lib/dpkg/info/libc6:amd64.list"), "libc6:amd64");
    EXPECT_EQ(files.owner_of("/var/lib/dpkg/info/format"), "");
    EXPECT_EQ(files.owner_of("/var/lib/dpkg/status"), "");
}

TEST(PackageFiles, StayValidWhenTheyAreMoved) {
    PackageFiles files = two_packages();
    const PackageFiles moved{std::move(files)};
    EXPECT_EQ(moved.owner_of("/usr/bin/vim"), "vim");
}

} // namespace
} // namespace disco::report
