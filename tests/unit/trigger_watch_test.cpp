#include "runner/module/trigger_watch.hpp"

#include "runner/sys/files.hpp"

#include <filesystem>

#include <gmock/gmock.h>

namespace disco::module {
namespace {

class TriggerDebts : public testing::Test {
protected:
    TriggerDebts() {
        modules_["m"].triggers = model::parse_triggers("etc/x -> true a\netc/x -> reload\n", "triggers");
    }

    [[nodiscard]] TriggerWatch watch() const { return {modules_, state_.path()}; }
    /// The module's report, with what is left of its actions.
    static std::vector<model::ModuleReport> reports(const std::vector<std::vector<std::string>>& actions) {
        model::ModuleReport report;
        report.name = "m";
        for (const auto& words : actions) {
            model::Action action;
            action.argv = words;
            report.actions.push_back(action);
        }
        return {report};
    }
    [[nodiscard]] std::string owed() const {
        return sys::read_file_if_exists(state_.path() / "triggers").value_or("");
    }

    std::map<std::string, ModuleContents> modules_;
    sys::OwnedDirectory state_{std::filesystem::temp_directory_path(), "triggers."};
};

/// As drop_needless_reloads does: what is dropped would be owed for ever.
TEST_F(TriggerDebts, AreOfActionsThatAreLeft) {
    TriggerWatch first = watch();
    first.note("/etc/x");
    first.end_module(false);
    first.owe(reports({{"true", "a"}, {"another"}}));
    EXPECT_EQ(owed(), "m true a\n");
    TriggerWatch second = watch();
    second.owe(reports({}));
    EXPECT_EQ(owed(), "");
}

TEST_F(TriggerDebts, ComeBackWhenNothingIsMerged) {
    TriggerWatch first = watch();
    first.note("/etc/x");
    first.end_module(false);
    first.owe(reports({{"reload"}}));
    TriggerWatch second = watch();
    second.owe(reports({}));
    second.withdraw();
    EXPECT_EQ(owed(), "m reload\n");
}

TEST_F(TriggerDebts, AreNoneOfAFailedModulesChanges) {
    TriggerWatch first = watch();
    first.note("/etc/x");
    first.end_module(true);
    first.owe(reports({{"reload"}}));
    EXPECT_EQ(owed(), "");
}

} // namespace
} // namespace disco::module
