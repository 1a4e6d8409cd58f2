#include "runner/fetch/parameter_layers.hpp"
#include "runner/fetch/parameter_tree.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::fetch {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::ThrowsMessage;

class ParameterFiles : public testing::Test {
protected:
    void put(const fs::path& name, std::string_view bytes) {
        fs::create_directories((directory() / name).parent_path());
        sys::write_file_atomically(directory() / name, bytes, 0644);
    }
    fs::path directory() const { return directory_.path(); }

private:
    sys::OwnedDirectory directory_{fs::temp_directory_path(), "parameter-tree-test-"};
};

TEST_F(ParameterFiles, AreReadAsTheyAre) {
    put("a", "1\n");
    put("t/b", std::string_view{"x\0y\n\n", 5});
    fs::create_directory(directory() / "t/empty");
    EXPECT_THAT(read_parameter_tree(directory()),
                ElementsAre(Pair("a", "1\n"), Pair("t", std::nullopt),
                            Pair("t/b", std::string{"x\0y\n\n", 5}), Pair("t/empty", std::nullopt)));
    EXPECT_THAT(read_parameter_tree(directory() / "absent"), IsEmpty());
}

TEST_F(ParameterFiles, OfAnyOtherKindAreRefused) {
    ASSERT_EQ(::mkfifo((directory() / "pipe").c_str(), 0600), 0);
    EXPECT_THAT([&] { (void)read_parameter_tree(directory()); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("'pipe'")));
    fs::remove(directory() / "pipe");
    fs::create_symlink("/etc/passwd", directory() / "link");
    EXPECT_THAT([&] { (void)read_parameter_tree(directory()); },
                ThrowsMessage<sys::BadConfiguration>(AllOf(HasSubstr("'link'"), HasSubstr("symbolic"))));
    EXPECT_THROW((void)read_parameter_tree(directory() / "link"), sys::BadConfiguration);
}

TEST_F(ParameterFiles, WithBadNamesAreRefusedByName) {
    put("ok/b d", "");
    EXPECT_THAT([&] { (void)read_parameter_tree(directory()); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("'ok/b d'")));
}

TEST_F(ParameterFiles, SurviveWritingAndReading) {
    const ParameterTree tree = {{"a", "1\n"}, {"t", std::nullopt}, {"t/b", ""}, {"t/empty", std::nullopt}};
    write_parameter_tree(directory() / "copy", tree);
    EXPECT_EQ(read_parameter_tree(directory() / "copy"), tree);
    EXPECT_EQ(sys::stat_path(directory() / "copy/t")->st_mode & 07777u, 0700u);
    EXPECT_EQ(sys::stat_path(directory() / "copy/t/b")->st_mode & 07777u, 0600u);
    EXPECT_THAT([&] { write_parameter_tree(directory() / "copy", tree); },
                ThrowsMessage<sys::Error>(HasSubstr("not empty")));
}

TEST_F(ParameterFiles, CannotBeWrittenOutside) {
    EXPECT_THROW(write_parameter_tree(directory() / "copy", {{"../evil", "x"}}), sys::BadConfiguration);
    EXPECT_FALSE(fs::exists(directory() / "evil"));
}

TEST_F(ParameterFiles, TreesThatAreNotListedAreMade) {
    write_parameter_tree(directory() / "copy", {{"deep/er/x", "1"}});
    EXPECT_EQ(sys::read_file(directory() / "copy/deep/er/x"), "1");
}

struct MergeRow {
    const char* name;
    std::vector<ParameterTree> layers;
    ParameterTree expected;
};
class Merge : public testing::TestWithParam<MergeRow> {};

TEST_P(Merge, FollowsTheTable) {
    std::vector<ParameterLayer> layers;
    for (const ParameterTree& tree : GetParam().layers) layers.push_back({"layer", tree});
    EXPECT_EQ(merge_layers(layers), GetParam().expected);
}

constexpr auto tree = std::nullopt;
INSTANTIATE_TEST_SUITE_P(
    Layers, Merge,
    testing::Values(
        MergeRow{"none", {}, {}}, MergeRow{"stronger_wins", {{{"a", "1"}}, {{"a", "2"}}}, {{"a", "2"}}},
        MergeRow{"trees_unite",
                 {{{"t", tree}, {"t/a", "1"}}, {{"t", tree}, {"t/b", "2"}}},
                 {{"t", tree}, {"t/a", "1"}, {"t/b", "2"}}},
        MergeRow{"an_empty_tree_takes_nothing",
                 {{{"t", tree}, {"t/a", "1"}}, {{"t", tree}}},
                 {{"t", tree}, {"t/a", "1"}}},
        MergeRow{"unlisted_trees_appear", {{{"a/b/c", "1"}}}, {{"a", tree}, {"a/b", tree}, {"a/b/c", "1"}}}),
    [](const auto& row) { return std::string{row.param.name}; });

struct ClashRow {
    const char* name;
    ParameterTree weaker, stronger;
    const char* says;
};
class Clash : public testing::TestWithParam<ClashRow> {};

/// Either layer's author would lose what the other one has.
TEST_P(Clash, IsRefusedWithBothFiles) {
    const std::vector<ParameterLayer> layers = {{"module m", GetParam().weaker, "modules/m/parameters"},
                                                {"other", {{"other", "x"}}},
                                                {"web1", GetParam().stronger, "parameters/web1"}};
    EXPECT_THAT([&] { (void)merge_layers(layers); },
                ThrowsMessage<sys::BadConfiguration>(testing::StartsWith(GetParam().says)));
}

INSTANTIATE_TEST_SUITE_P(
    Layers, Clash,
    testing::Values(
        ClashRow{"value_over_tree",
                 {{"site", tree}, {"site/port", "80"}},
                 {{"site", "x"}},
                 "parameter 'site' is a tree in 'modules/m/parameters/site' and a value in "
                 "'parameters/web1/site': it cannot be both"},
        ClashRow{"value_over_unlisted_tree",
                 {{"site/port", "80"}},
                 {{"site", "x"}},
                 "parameter 'site' is a tree in 'modules/m/parameters/site/port' and a value in "
                 "'parameters/web1/site'"},
        ClashRow{"value_over_empty_tree", {{"site", tree}}, {{"site", "x"}}, "parameter 'site' is a tree in"},
        ClashRow{"tree_over_value",
                 {{"site", "x"}},
                 {{"site", tree}, {"site/port", "80"}},
                 "parameter 'site' is a value in 'modules/m/parameters/site' and a tree in "
                 "'parameters/web1/site'"},
        ClashRow{"deep_below_a_value",
                 {{"a/b", "x"}},
                 {{"a/b/c/d", "80"}},
                 "parameter 'a/b' is a value in 'modules/m/parameters/a/b' and a tree in "
                 "'parameters/web1/a/b/c/d'"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(ParameterValue, LosesOneNewline) {
    const ParameterTree parameters = {
        {"one", "x\n"}, {"two", "x\n\n"}, {"none", "x"}, {"empty", ""}, {"t", tree}};
    EXPECT_EQ(parameter_value(parameters, "one"), "x");
    EXPECT_EQ(parameter_value(parameters, "two"), "x\n");
    EXPECT_EQ(parameter_value(parameters, "none"), "x");
    EXPECT_EQ(parameter_value(parameters, "empty"), "");
    EXPECT_EQ(parameter_value(parameters, "t"), std::nullopt);
    EXPECT_EQ(parameter_value(parameters, "absent"), std::nullopt);
}

TEST(ParameterMembers, AreTheDirectOnes) {
    const ParameterTree parameters = {
        {"modules", tree},      {"modules-x", "1"},  {"modules/a", ""},       {"modules/a-b", ""},
        {"modules/a/deep", ""}, {"modules/c/d", ""}, {"modulesy/other", "1"}, {"v", "1"}};
    EXPECT_THAT(parameter_members(parameters, "modules"), ElementsAre("a", "a-b", "c"));
    EXPECT_THAT(parameter_members(parameters, ""), ElementsAre("modules", "modules-x", "modulesy", "v"));
    EXPECT_THAT(parameter_members(parameters, "v"), IsEmpty());
    EXPECT_THAT(parameter_members(parameters, "absent"), IsEmpty());
}

TEST(Inherits, AreLinesOfNames) {
    EXPECT_THAT(parse_inherits("roles/web\n\n# c\n  os/debian-12/ # d\r\nlast", "f"),
                ElementsAre("roles/web", "os/debian-12", "last"));
    EXPECT_THAT([] { (void)parse_inherits("ok\n../x\n", "parameters/web1/inherits"); },
                ThrowsMessage<sys::BadConfiguration>(
                    AllOf(HasSubstr("parameters/web1/inherits:2: "), HasSubstr("'../x'"))));
    EXPECT_THROW((void)parse_inherits("/etc", "f"), sys::BadConfiguration);
    EXPECT_THROW((void)parse_inherits("two words", "f"), sys::BadConfiguration);
}

TEST_F(ParameterFiles, InheritInOrderAndOnce) {
    put("web1/inherits", "roles/web\nos/debian\n");
    put("web1/x", "own");
    put("roles/web/inherits", "common\n");
    put("os/debian/inherits", "common\n");
    fs::create_directories(directory() / "common");
    const Inheritance found = follow_inherits(directory(), "web1");
    EXPECT_THAT(found.order, ElementsAre("common", "roles/web", "os/debian", "web1"));
    EXPECT_THAT(found.absent, IsEmpty());
    const auto layers = read_layers(directory(), found.order);
    ASSERT_EQ(layers.size(), 4u);
    EXPECT_EQ(layers[3].origin, "web1");
    EXPECT_THAT(layers[3].tree, ElementsAre(Pair("x", "own"))); // `inherits` is no parameter
}

TEST_F(ParameterFiles, TellWhatIsNotThereYet) {
    EXPECT_THAT(follow_inherits(directory(), "web1").absent, ElementsAre(Pair("web1", "")));
    put("web1/inherits", "a\nb\n");
    put("a/inherits", "c\n");
    EXPECT_THAT(follow_inherits(directory(), "web1").absent, ElementsAre(Pair("b", "web1"), Pair("c", "a")));
}

TEST_F(ParameterFiles, ThatInheritInACircleAreRefusedWithTheChain) {
    put("web1/inherits", "a\n");
    put("a/inherits", "b\n");
    put("b/inherits", "a\n");
    EXPECT_THAT([&] { (void)follow_inherits(directory(), "web1"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("a inherits b inherits a")));
    put("a/inherits", "a\n");
    EXPECT_THAT([&] { (void)follow_inherits(directory(), "web1"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("a inherits a")));
}

TEST_F(ParameterFiles, ThatInheritTooDeeplyAreRefused) {
    for (int i = 0; i < 100; ++i)
        put("d" + std::to_string(i) + "/inherits", "d" + std::to_string(i + 1) + "\n");
    EXPECT_THAT([&] { (void)follow_inherits(directory(), "d0"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("64 levels")));
}

TEST_F(ParameterFiles, InheritNoSymlinkAndNoFile) {
    put("web1/inherits", "link\n");
    fs::create_directory_symlink("/etc", directory() / "link");
    EXPECT_THAT(
        [&] { (void)follow_inherits(directory(), "web1"); },
        ThrowsMessage<sys::BadConfiguration>(HasSubstr("parameters/link on the server is not a directory")));
    put("web1/inherits", "link/ssl\n");
    EXPECT_THROW((void)follow_inherits(directory(), "web1"), sys::BadConfiguration);
    put("file", "");
    EXPECT_THROW((void)follow_inherits(directory(), "file"), sys::BadConfiguration);
    fs::create_directories(directory() / "web2/inherits");
    EXPECT_THROW((void)follow_inherits(directory(), "web2"), sys::BadConfiguration);
    fs::create_directories(directory() / "web3");
    fs::create_symlink("/etc/passwd", directory() / "web3/inherits");
    EXPECT_THROW((void)follow_inherits(directory(), "web3"), sys::BadConfiguration);
}

} // namespace
} // namespace disco::fetch
