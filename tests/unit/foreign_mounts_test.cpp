// What is told of mounts that can only be shown read-only, and when.

#include "runner/view/foreign_mounts.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco::view {
namespace {

using overlay::ClassifiedMount;
using overlay::MountClass;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<ClassifiedMount> mounts = {
    {MountClass::managed, "", "/live"},
    {MountClass::foreign, "/boot/efi", "/live/boot/efi", "vfat"},
    {MountClass::readonly, "/usr", "/live/usr"},
    {MountClass::foreign, "/media/stick", "/live/media/stick", "exfat"},
};

model::ModuleReport printed(const std::string& output) {
    model::ModuleReport module;
    module.steps.emplace_back().name = "scripts/10-quiet.sh";
    module.steps.emplace_back().name = "scripts/20-x.sh";
    module.steps.back().output = output;
    return module;
}

/// The texts of a module's notices.
std::vector<std::string> told(const model::ModuleReport& module) {
    std::vector<std::string> texts;
    for (const model::Notice& notice : module.notices) {
        EXPECT_EQ(notice.kind, model::NoticeKind::read_only);
        texts.push_back(notice.text);
    }
    return texts;
}

TEST(ForeignMounts, AreNotToldWhereNothingWasWritten) {
    std::vector modules = {printed("wrote /boot/efi/loader\n"), printed("")};
    note_foreign_mounts(modules, mounts);
    EXPECT_THAT(told(modules[0]), IsEmpty());
    EXPECT_THAT(told(modules[1]), IsEmpty());
}

TEST(ForeignMounts, AreNotToldWhereThereAreNone) {
    std::vector modules = {printed("touch: cannot touch '/usr/x': Read-only file system\n")};
    note_foreign_mounts(modules, {mounts[0], mounts[2]});
    EXPECT_THAT(told(modules[0]), IsEmpty());
}

TEST(ForeignMounts, TheOneIsToldThatIsNamed) {
    std::vector modules = {printed("touch: cannot touch '/media/stick/x': Read-only file system\n")};
    note_foreign_mounts(modules, mounts);
    ASSERT_THAT(told(modules[0]),
                ElementsAre(testing::AllOf(HasSubstr("'/media/stick' is shown read-only"),
                                           HasSubstr("(exfat)"), HasSubstr("disco-defer"))));
    EXPECT_EQ(modules[0].notices[0].step, "scripts/20-x.sh");
}

TEST(ForeignMounts, AllAreToldWhereNoneIsNamed) {
    std::vector modules = {printed("bash: line 1: loader: Read-only file system\n")};
    note_foreign_mounts(modules, mounts);
    EXPECT_THAT(told(modules[0]), ElementsAre(HasSubstr("'/boot/efi'"), HasSubstr("'/media/stick'")));
}

TEST(ForeignMounts, EachIsToldOnce) {
    const std::string error = "touch: cannot touch '/boot/efi/x': Read-only file system\n";
    std::vector modules = {printed(error), printed(error)};
    note_foreign_mounts(modules, mounts);
    EXPECT_THAT(told(modules[0]), ElementsAre(HasSubstr("'/boot/efi'")));
    EXPECT_THAT(told(modules[1]), IsEmpty())
        << "neither again, nor another one that has nothing to do with it";
}

TEST(ForeignMounts, ADeliveryThatFailsTellsAsWell) {
    std::vector<model::ModuleReport> modules(1);
    modules[0].reason = "cannot make directory 'boot/efi/EFI': Read-only file system";
    note_foreign_mounts(modules, mounts);
    EXPECT_THAT(told(modules[0]), ElementsAre(HasSubstr("'/boot/efi'")));
}

} // namespace
} // namespace disco::view
