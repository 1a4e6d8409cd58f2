#include "runner/model/triggers.hpp"

#include "runner/sys/setting_lines.hpp"

#include <gmock/gmock.h>

namespace disco::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Trigger> parsed(std::string_view text) { return parse_triggers(text, "modules/m/triggers"); }

TEST(TriggerLines, ArePathsAndACommand) {
    EXPECT_THAT(
        parsed("# when it changes\n\netc/nginx/**  /etc/ssl/*.pem -> systemctl reload nginx # at once\n"
               "etc/x -> sh -c 'echo \"a b\" > /srv/y'\n"),
        ElementsAre(Trigger{{"etc/nginx/**", "/etc/ssl/*.pem"}, {"systemctl", "reload", "nginx"}, 3},
                    Trigger{{"etc/x"}, {"sh", "-c", "echo \"a b\" > /srv/y"}, 4}));
    EXPECT_THAT(parsed("'etc/a b' -> true\n"), ElementsAre(Trigger{{"etc/a b"}, {"true"}, 1}));
    EXPECT_THAT(parsed(""), IsEmpty());
}

TEST(TriggerLines, AreAllNamedThatCannotBeUnderstood) {
    try {
        (void)parsed(
            "etc/x systemctl reload x\n-> true\netc/x ->\netc/x -> ''\n/ -> true\n../x -> true\netc/x -> 'a\n"
            "etc/fine -> true\n");
        FAIL();
    } catch (const sys::BadLines& error) {
        ASSERT_EQ(error.lines().size(), 7U);
        EXPECT_THAT(error.full_text(),
                    HasSubstr("modules/m/triggers:1: 'etc/x systemctl reload x' has no '->'"));
        EXPECT_THAT(error.lines()[1].text, HasSubstr("names no path before the '->'"));
        EXPECT_THAT(error.lines()[2].text, HasSubstr("has no command behind the '->'"));
        EXPECT_THAT(error.lines()[4].text, HasSubstr("has a path that is not one of the tree"));
        EXPECT_EQ(error.lines()[6].line, 7);
    }
}

} // namespace
} // namespace disco::model
