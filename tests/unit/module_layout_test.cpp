// What a module may consist of, and where it may deliver to.

#include "runner/model/module_layout.hpp"

#include <gmock/gmock.h>

namespace disco::model {
namespace {

struct NameRow {
    const char* name;
    ModuleName what;
    const char* meant = "";
};
class ModuleNames : public testing::TestWithParam<NameRow> {};

TEST_P(ModuleNames, AreKnownOrNot) {
    EXPECT_EQ(classify_module_name(GetParam().name), GetParam().what);
    EXPECT_EQ(meant_module_name(GetParam().name), GetParam().meant);
}

INSTANTIATE_TEST_SUITE_P(
    Every, ModuleNames,
    testing::Values(NameRow{"attributes", ModuleName::known}, NameRow{"checks", ModuleName::known},
                    NameRow{"files", ModuleName::known}, NameRow{"parameters", ModuleName::known},
                    NameRow{"requires", ModuleName::known}, NameRow{"sandbox", ModuleName::known},
                    NameRow{"scripts", ModuleName::known}, NameRow{"templates", ModuleName::known},
                    NameRow{"script", ModuleName::misspelt, "scripts/"},
                    NameRow{"Scripts", ModuleName::misspelt, "scripts/"},
                    NameRow{"scripts.d", ModuleName::misspelt, "scripts/"},
                    NameRow{"template", ModuleName::misspelt, "templates/"},
                    NameRow{"Files", ModuleName::misspelt, "files/"},
                    NameRow{"file", ModuleName::misspelt, "files/"},
                    NameRow{"attribute", ModuleName::misspelt, "attributes"},
                    NameRow{"require", ModuleName::misspelt, "requires"},
                    NameRow{"requires.txt", ModuleName::misspelt, "requires"},
                    NameRow{"SANDBOX", ModuleName::misspelt, "sandbox"},
                    NameRow{"check", ModuleName::misspelt, "checks/"},
                    NameRow{"params", ModuleName::misspelt, "parameters/"},
                    NameRow{".git", ModuleName::hidden}, NameRow{"requires~", ModuleName::hidden},
                    NameRow{"README.md", ModuleName::of_no_use}, NameRow{"tests", ModuleName::of_no_use}),
    [](const auto& row) { return "row_" + std::to_string(row.index); });

TEST(ModulePlaces, AreThoseThatStay) {
    for (const char* path : {"tmp/x", "run/x", "run/a/b", "var/run/x", "var/lock/x", "dev/x", "dev/shm/x",
                             "proc/sys/x", "sys/x"})
        EXPECT_TRUE(objection_to_place(path)) << path;
    for (const char* path : {"tmp", "run", "var/tmp/x", "var/x", "running/x", "etc/run/x", "var/run"})
        EXPECT_FALSE(objection_to_place(path)) << path;
    EXPECT_THAT(*objection_to_place("run/x"), testing::HasSubstr("tmpfiles.d"));
}

} // namespace
} // namespace disco::model
