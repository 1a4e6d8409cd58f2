#include "runner/report/package_states.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::report {
namespace {

using model::PackageChange;
using testing::ElementsAre;
using testing::Pair;

constexpr const char* status = R"(Package: nginx
Status: install ok installed
Architecture: amd64
Version: 1.22.1-9
Conffiles:
 /etc/nginx/nginx.conf 0123456789abcdef0123456789abcdef
 /etc/init.d/nginx fedcba9876543210fedcba9876543210 obsolete
Description: small web server
 Package: not-this-one

Package: libc6
Status: install ok unpacked
Architecture: amd64
Multi-Arch: same
Version: 2.36-9

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: never
Status: unknown ok not-installed
)";

TEST(PackageStates, AreReadFromDpkgsParagraphs) {
    const PackageStates states = read_package_states(status);
    EXPECT_THAT(states.versions, ElementsAre(Pair("libc6:amd64", "2.36-9"), Pair("nginx", "1.22.1-9")));
    EXPECT_THAT(states.conffiles,
                ElementsAre(Pair("/etc/init.d/nginx", "fedcba9876543210fedcba9876543210"),
                            Pair("/etc/nginx/nginx.conf", "0123456789abcdef0123456789abcdef")));
    EXPECT_THAT(states.owners,
                ElementsAre(Pair("/etc/init.d/nginx", "nginx"), Pair("/etc/nginx/nginx.conf", "nginx")));
}

TEST(PackageStates, OfAnythingElseAreNone) {
    for (const char* text :
         {"", "\n\n", "x", "Package:\n", "Package: a\n", " /etc/x\nPackage", "Version: 1\n"})
        EXPECT_TRUE(read_package_states(text).versions.empty()) << text;
}

TEST(PackageStates, ShowWhatWasInstalledUpgradedAndRemoved) {
    PackageStates before, after;
    before.versions = {{"gone", "1"}, {"kept", "1"}, {"new-version", "1"}};
    after.versions = {{"added", "2"}, {"kept", "1"}, {"new-version", "2"}};
    EXPECT_THAT(changed_packages(before, after),
                ElementsAre(PackageChange{"added", "", "2"}, PackageChange{"gone", "1", ""},
                            PackageChange{"new-version", "1", "2"}));
}

struct VersionRow {
    const char* name;
    const char *older, *newer;
};
class Versions : public testing::TestWithParam<VersionRow> {};

TEST_P(Versions, AreComparedAsDpkgDoes) {
    EXPECT_LT(compare_versions(GetParam().older, GetParam().newer), 0);
    EXPECT_GT(compare_versions(GetParam().newer, GetParam().older), 0);
    EXPECT_EQ(compare_versions(GetParam().older, GetParam().older), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Versions,
    testing::Values(VersionRow{"numbers", "1.9", "1.10"}, VersionRow{"revision", "1.0-1", "1.0-2"},
                    VersionRow{"epoch", "9.9", "1:1.0"}, VersionRow{"tilde", "1.0~rc1", "1.0"},
                    VersionRow{"tilde_of_revision", "1.0-1~bpo12+1", "1.0-1"},
                    VersionRow{"letters_before_others", "1.0a", "1.0+"}, VersionRow{"longer", "1.0", "1.0a"},
                    VersionRow{"security", "1.0-1", "1.0-1+deb12u1"}, VersionRow{"zeros", "1.001", "1.2"},
                    VersionRow{"no_revision", "1.0", "1.0-1"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Versions, MayBeWrittenInTwoWays) { EXPECT_EQ(compare_versions("1.0-0", "1.0"), 0); }

} // namespace
} // namespace disco::report
