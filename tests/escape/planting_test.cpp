// What a module plants for the merge to fall into. The merges are real, onto a throw-away root; beside the
// root lies what they must not reach.

#include "tests/support/throw_away.hpp"

#include "runner/sys/error.hpp"

#include <fmt/format.h>

#include <ostream>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Planting : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        put(outside() / "kept", "as it was\n");
        put(root() / "srv/tree/kept", "of the root\n");
        fs::create_directory_symlink(outside(), root() / "srv/absolute");
        fs::create_directory_symlink("../../outside", root() / "srv/relative");
    }
    [[nodiscard]] fs::path outside() const { return place() / "outside"; }

    /// A live dance of a module with the script, and of a second one with what the test has put into it.
    sys::ProgramResult dance_with(const std::string& text) {
        module_file("a", "sandbox", "timeout 60\n");
        script("a", "10-plant.sh", "#!/bin/bash\nOUT=" + outside().string() + "\n" + text);
        want("a");
        return live();
    }
};

struct PlantRow {
    const char* name;
    const char* script;
};
std::ostream& operator<<(std::ostream& stream, const PlantRow& row) { return stream << row.name; }

class Planted : public Planting, public testing::WithParamInterface<PlantRow> {};

TEST_P(Planted, NothingOutsideTheRootChanges) {
    // A second module has files where the first one may have made a symlink of the directory.
    for (const char* path :
         {"srv/tree/delivered", "srv/absolute/delivered", "srv/relative/delivered", "srv/new/delivered"})
        module_file("b", std::string{"files/"} + path, "from b\n");
    module_file("b", "requires", "after a\n");
    want("b");
    const Snapshot before = snapshot(outside());
    const auto result = dance_with(GetParam().script);
    EXPECT_EQ(difference(before, snapshot(outside())), "") << result.output << result.error;
    EXPECT_THAT(result.exit, testing::AnyOf(0, 4, 8)) << result.output << result.error;
}

INSTANTIATE_TEST_SUITE_P(
    Escape, Planted,
    testing::Values(
        PlantRow{"nothing", "true"},
        PlantRow{"writes_by_an_absolute_symlink",
                 "echo x > /srv/absolute/kept; rm -rf /srv/absolute/*; true"},
        PlantRow{"writes_by_a_relative_symlink",
                 "mkdir -p /outside; echo x > /srv/relative/kept; rm /srv/relative/kept; true"},
        PlantRow{"directory_becomes_an_absolute_symlink", "rm -r /srv/tree; ln -s $OUT /srv/tree"},
        PlantRow{"directory_becomes_a_relative_symlink",
                 "rm -r /srv/tree; ln -s ../../outside /srv/tree; mkdir -p /outside"},
        PlantRow{"parent_becomes_a_symlink", "rm -rf /srv; ln -s $OUT /srv"},
        PlantRow{"new_directory_is_a_symlink",
                 "ln -s ../../outside /srv/new; mkdir -p /outside; echo x > /outside/kept"},
        PlantRow{"symlink_in_place_of_a_file",
                 "rm /etc/motd; ln -s $OUT/kept /etc/motd; chmod 777 /etc/motd; true"},
        PlantRow{"symlink_to_the_root_above",
                 "ln -s ../../.. /srv/up; ln -s /proc/1/root /srv/init; ln -s /proc/self/cwd /srv/new"},
        PlantRow{"hard_links_and_metadata",
                 "ln /etc/motd /srv/tree/hard; chown -h 33:33 /srv/absolute; touch -h /srv/relative"},
        PlantRow{"renamed_round_a_symlink",
                 "mv /srv/tree /srv/tree2; ln -s $OUT /srv/tree; mv /srv/absolute /srv/moved"},
        PlantRow{"dots_in_names",
                 "mkdir -p /srv/... '/srv/.. '; echo x > '/srv/.. /x'; echo x > /srv/.../..x"},
        PlantRow{
            "forged_attributes",
            "mkdir /srv/new\n"
            "for of in user trusted; do\n"
            "    while read -r name value; do setfattr -n $of.overlay.$name -v \"$value\" /srv/new; done "
            "<<'NAMES'\n"
            "redirect /../outside\n"
            "opaque y\n"
            "metacopy\n"
            "whiteout\n"
            "overlay.redirect /../../outside\n"
            "overlay.opaque y\n"
            "NAMES\n"
            "done; true"},
        PlantRow{"forged_whiteouts",
                 "mknod /srv/tree/w c 0 0; rm /srv/tree/kept; mknod /srv/tree/kept c 0 0; true"},
        PlantRow{"names_of_the_state", "mkdir -p /var/lib/disco/scratch /srv/.disco; ln -s $OUT "
                                       "/var/lib/disco/undo; ln -s $OUT /srv/.disco/work; true"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(Planting, TheHostMakesASymlinkOfADirectoryMeanwhile) {
    module_file("a", "sandbox", "timeout 60\n");
    script("a", "10-x.sh",
           "#!/bin/bash\necho x > /srv/tree/new; echo changed > /srv/tree/kept; echo sleeping; sleep 1\n");
    want("a");
    const Snapshot before = snapshot(outside());
    const pid_t child = start(dance_words({}));
    ASSERT_TRUE(wait_for_script()) << log();
    fs::rename(root() / "srv/tree", root() / "srv/aside");
    fs::create_directory_symlink(outside(), root() / "srv/tree");
    EXPECT_EQ(exit_of(child), 8) << log();
    EXPECT_EQ(difference(before, snapshot(outside())), "");
}

TEST_F(Planting, OddNamesAreMergedAsTheyAre) {
    const std::vector<std::string> names = {"new\nline", "-rf", "\xff\xfe",       std::string(255, 'x'),
                                            " ",         "\\",  "a'b\"$(id)`id`", "\x1b[2J"};
    std::string text = "cd /srv\n";
    for (const std::string& name : names) {
        text += "touch -- $'";
        for (const char byte : name) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        text += "'\n";
    }
    const auto result = dance_with(text);
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    for (const std::string& name : names) EXPECT_TRUE(fs::exists(root() / "srv" / name));
    EXPECT_EQ(result.output.find("\x1b[2J"), std::string::npos) << "the terminal was told to obey a name";
}

} // namespace
} // namespace disco::tests
