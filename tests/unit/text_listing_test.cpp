#include "runner/report/text_listing.hpp"
#include "tests/support/example_run.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::report {
namespace {

using model::ChangeKind;
using model::ObjectType;
using testing::HasSubstr;
using testing::Not;

/// One module, and its listing.
struct Module {
    ChangeLog changes{"/nonexistent"};
    model::ModuleReport report;

    RecordedChange& add(const std::string& path, ChangeKind kind = ChangeKind::created,
                        ObjectType type = ObjectType::file) {
        pending.path = path;
        pending.kind = kind;
        pending.type = type;
        pending.package.clear();
        pending.delivered = false;
        RecordedState state;
        state.mode = type == ObjectType::directory ? 0755 : 0644;
        state.owner = state.group = "root";
        pending.before = kind == ChangeKind::created ? std::nullopt : std::optional{state};
        pending.after = kind == ChangeKind::deleted ? std::nullopt : std::optional{state};
        return pending;
    }
    void keep() {
        changes.append(pending);
        ++report.change_counts[static_cast<std::size_t>(pending.kind)];
    }
    void keep(const std::string& path, const std::string& package) {
        add(path).package = package;
        keep();
    }
    [[nodiscard]] std::string listing(const TextStyle& style = {}) const {
        return tests::collected([&](const auto& write) { write_listing(report, changes, style, write); });
    }
    RecordedChange pending;
};

TEST(TextListing, HasALineForEachPackage) {
    Module module;
    module.report.packages = {{"libx:amd64", "1.0-1", "1.0-2"},
                              {"meta", "", "3"},
                              {"nginx", "", "1.22.1-9"},
                              {"old", "2", ""},
                              {"older", "1:2-1", "1:1-1"}};
    for (int i = 0; i < 98; ++i) module.keep(fmt::format("/usr/share/nginx/{:02}", i), "nginx");
    module.keep("/usr/lib/libx.so", "libx:amd64");
    module.add("/usr/bin/old", ChangeKind::deleted).package = "old";
    module.keep();
    EXPECT_EQ(module.listing(), "    ~ libx:amd64 1.0-1 → 1.0-2 upgraded  1 file\n"
                                "    + meta 3 installed\n"
                                "    + nginx 1.22.1-9 installed  98 files\n"
                                "    - old 2 removed  1 file\n"
                                "    ~ older 1:2-1 → 1:1-1 downgraded\n");
    EXPECT_THAT(module.listing({Detail::diff}), HasSubstr("    + /usr/share/nginx/97   "));
    EXPECT_THAT(module.listing({Detail::verbose}), HasSubstr("    + nginx 1.22.1-9 installed\n"));
}

/// Nobody installed anything: that is a script's doing.
TEST(TextListing, ShowsAChangeOfAPackagesFileWithoutThePackage) {
    Module module;
    module.add("/usr/bin/vi", ChangeKind::metadata).package = "vim";
    module.keep();
    EXPECT_THAT(module.listing(), testing::StartsWith("    ~ /usr/bin/vi"));
}

TEST(TextListing, BeginsWithWhatTheModuleDelivers) {
    Module module;
    module.add("/etc/a", ChangeKind::modified);
    module.keep();
    module.add("/etc/z").delivered = true;
    module.keep();
    for (const Detail detail : {Detail::changes, Detail::diff, Detail::stat}) {
        const std::string listing = module.listing({detail});
        EXPECT_LT(listing.find("/etc/z"), listing.find("/etc/a")) << listing;
    }
}

TEST(TextListing, FoldsALargeTree) {
    Module module;
    module.add("/opt/app", ChangeKind::created, ObjectType::directory);
    module.keep();
    module.add("/opt/app/bin", ChangeKind::created, ObjectType::directory);
    module.keep();
    for (int i = 0; i < 17; ++i) module.keep(fmt::format("/opt/app/bin/{}", i), "");
    module.add("/opt/app/bin/own").delivered = true;
    module.keep();
    EXPECT_EQ(module.listing(), "    + /opt/app/bin/own   root:root 0644  0 B\n"
                                "    + /opt/app/   17 files, 1 directory\n");
    EXPECT_THAT(module.listing({Detail::diff}), HasSubstr("/opt/app/bin/16   "));
}

TEST(TextListing, ListsASmallTree) {
    Module module;
    module.add("/opt/app", ChangeKind::created, ObjectType::directory);
    module.keep();
    for (int i = 0; i < 4; ++i) module.keep(fmt::format("/opt/app/{}", i), "");
    EXPECT_THAT(module.listing(), HasSubstr("    + /opt/app/3   "));
}

TEST(TextListing, FoldsWhatThePackageManagerKeeps) {
    Module module;
    for (const char* path : {"/var/lib/dpkg/status", "/var/lib/apt/lists/x"}) {
        module.add(path, ChangeKind::modified);
        module.keep();
    }
    EXPECT_EQ(module.listing(), "    ~ package manager  2 files (data base, caches, logs)\n");
}

TEST(TextListing, CanBeOfSomePathsOnly) {
    Module module;
    module.report.packages = {{"nginx", "", "1"}};
    module.keep("/etc/motd", "");
    module.keep("/usr/share/nginx/x", "nginx");
    module.keep("/usr/share/nginx/y", "nginx");
    TextStyle style;
    style.only = model::PathGlobs{{"/usr/share/nginx/x"}};
    EXPECT_EQ(module.listing(style), "    + /usr/share/nginx/x   root:root 0644  0 B\n"
                                     "    2 other changes not shown (--only)\n");
    style.only = model::PathGlobs{{"/etc"}};
    EXPECT_THAT(module.listing(style), testing::StartsWith("    + /etc/motd"));
}

TEST(TextListing, IsSafeForATerminal) {
    Module module;
    module.report.packages = {{"a\033[2J", "", "1\n2"}};
    module.add("/opt/\033[2J", ChangeKind::created, ObjectType::directory);
    module.keep();
    for (int i = 0; i < 9; ++i) module.keep(fmt::format("/opt/\033[2J/{}", i), "");
    EXPECT_EQ(module.listing(), "    + \"/opt/\\033[2J/\"   9 files\n"
                                "    + \"a\\033[2J\" \"1\\n2\" installed\n");
}

} // namespace
} // namespace disco::report
