#include "runner/overlay/user_attributes.hpp"
#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"

#include <gmock/gmock.h>

namespace disco::overlay {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Optional;

/// procfs takes none on any kernel; the disk of the build tree takes them.
const char* const without = "/proc";
const std::filesystem::path with = tests::build_tree();

ClassifiedMount mount(const std::filesystem::path& live) {
    return {.kind = MountClass::managed, .inside = "", .live = live};
}

TEST(UserAttributes, OfAManagedMountMustFindRoomInTheLayers) {
    EXPECT_THAT(lost_user_attributes(without, {mount(without), mount(with)}),
                Optional(AllOf(HasSubstr("the file system of /proc takes no extended attributes user.*"),
                               HasSubstr(with.native()), HasSubstr("--state-dir"))));
}

TEST(UserAttributes, ThatNoManagedMountTakesAreNotMissed) {
    EXPECT_EQ(lost_user_attributes(without, {mount(without)}), std::nullopt);
}

TEST(UserAttributes, AreTakenByTheLayersOfADisk) {
    EXPECT_EQ(lost_user_attributes(with, {mount(with), mount(without)}), std::nullopt);
}

TEST(UserAttributes, CannotBeAskedForWhereNothingIs) {
    EXPECT_THROW((void)lost_user_attributes("/nonexistent", {}), sys::SysError);
}

} // namespace
} // namespace disco::overlay
