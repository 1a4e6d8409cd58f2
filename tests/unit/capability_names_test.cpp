#include "policy/capability_names.hpp"

#include <linux/capability.h>

#include <gmock/gmock.h>

namespace disco::policy {
namespace {

TEST(CapabilityNames, AreThoseOfTheManualPage) {
    EXPECT_EQ(capability_name(CAP_CHOWN), "CHOWN");
    EXPECT_EQ(capability_name(CAP_NET_BIND_SERVICE), "NET_BIND_SERVICE");
    EXPECT_EQ(capability_name(CAP_CHECKPOINT_RESTORE), "CHECKPOINT_RESTORE");
}

TEST(CapabilityNames, AreNumbersWhereNobodyKnowsOne) { EXPECT_EQ(capability_name(63), "63"); }

TEST(CapabilityNames, AreFoundAgain) {
    for (unsigned capability = 0; capability <= CAP_CHECKPOINT_RESTORE; ++capability)
        EXPECT_EQ(capability_of_name(capability_name(capability)), capability);
}

class NoCapability : public testing::TestWithParam<const char*> {};

TEST_P(NoCapability, HasThatName) { EXPECT_EQ(capability_of_name(GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(Names, NoCapability,
                         testing::Values("", "chown", "Chown", "CAP_CHOWN", "CHOWN ", "CHOWN-", "CHOWN+ep",
                                         "0", "63", "ALL", "NOTHING"));

} // namespace
} // namespace disco::policy
