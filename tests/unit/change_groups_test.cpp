#include "runner/report/change_groups.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::report {
namespace {

using model::ChangeKind;
using model::ObjectType;
using Kind = ChangeGroup::Kind;

struct Row {
    const char* path;
    ChangeKind kind = ChangeKind::created;
    ObjectType type = ObjectType::file;
    const char* package = "";
    bool delivered = false;
    ChangeGroup expected{};
};

RecordedChange change(const Row& row) {
    RecordedChange made;
    made.path = row.path;
    made.kind = row.kind;
    made.type = row.type;
    made.package = row.package;
    made.delivered = row.delivered;
    if (row.kind != ChangeKind::created) made.before.emplace();
    if (row.kind != ChangeKind::deleted) made.after.emplace();
    return made;
}

void expect_groups(const std::vector<Row>& rows) {
    ChangeGroups groups;
    for (const Row& row : rows) EXPECT_EQ(groups.at(groups.note(change(row))), row.expected) << row.path;
}

constexpr auto created = ChangeKind::created, deleted = ChangeKind::deleted, modified = ChangeKind::modified;
constexpr auto file = ObjectType::file, directory = ObjectType::directory;

TEST(ChangeGroups, OfATreeEndWithIt) {
    expect_groups({{"/a/x", modified, file},
                   {"/opt/app", created, directory, "", false, {Kind::tree, "/opt/app"}},
                   {"/opt/app/bin", created, directory, "", false, {Kind::tree, "/opt/app"}},
                   {"/opt/app/bin/run", created, file, "", false, {Kind::tree, "/opt/app"}},
                   {"/opt/app2", created, file},
                   {"/opt/app/late", created, file}});
}

TEST(ChangeGroups, OfATreeHaveOneKind) {
    expect_groups({{"/old", deleted, directory, "", false, {Kind::tree, "/old"}},
                   {"/old/x", deleted, file, "", false, {Kind::tree, "/old"}},
                   {"/old/y", modified, file}});
}

TEST(ChangeGroups, OfPackagesAndDeliveredFilesAreNoTree) {
    expect_groups({{"/opt/app", created, directory, "", false, {Kind::tree, "/opt/app"}},
                   {"/opt/app/own", created, file, "", true, {Kind::delivered, ""}},
                   {"/opt/app/lib", created, file, "app", false, {Kind::package, "app"}},
                   {"/opt/app/rest", created, file, "", false, {Kind::tree, "/opt/app"}},
                   {"/usr/bin/app", created, file, "app", false, {Kind::package, "app"}}});
}

TEST(ChangeGroups, KnowWhatAPackageManagerKeeps) {
    expect_groups({{"/var/lib/dpkg/status", modified, file, "", false, {Kind::manager, ""}},
                   {"/var/lib/dpkg/info/a.list", created, file, "a", false, {Kind::manager, ""}},
                   {"/var/log/dpkg.log", modified, file, "", false, {Kind::manager, ""}},
                   {"/var/log/dpkg.log.1", created, file},
                   {"/var/lib/dpkg-own", modified, file}});
}

TEST(ChangeGroups, OfAnotherLogAreFoundAgain) {
    ChangeGroups one, other;
    const auto index = one.note(change({"/usr/bin/app", created, file, "app"}));
    (void)other.note(change({"/usr/bin/b", created, file, "b"}));
    const auto adopted = other.adopt(one.at(index));
    EXPECT_EQ(other.at(adopted), one.at(index));
    EXPECT_EQ(other.adopt(one.at(index)), adopted);
    EXPECT_EQ(other.at(other.adopt({Kind::delivered, ""})).kind, Kind::delivered);
}

} // namespace
} // namespace disco::report
