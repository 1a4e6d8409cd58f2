#include "runner/fetch/parameter_store.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

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
using testing::Not;
using testing::ThrowsMessage;

class Parameters : public testing::Test {
protected:
    ParameterStore store() const { return {state(), "web1"}; }
    fs::path state() const { return directory_.path() / "state"; }
    fs::path local(const fs::path& name) const { return state() / "parameters/web1" / name; }
    /// As a fetch leaves them.
    void fetched(const fs::path& name, std::string_view bytes) {
        put(state() / "modules/.parameters/web1" / name, bytes);
    }
    void module(const fs::path& name, std::string_view bytes) { put(state() / "modules" / name, bytes); }
    static void put(const fs::path& path, std::string_view bytes) {
        fs::create_directories(path.parent_path());
        sys::write_file_atomically(path, bytes, 0644);
    }

private:
    sys::OwnedDirectory directory_{fs::temp_directory_path(), "parameter-store-test-"};
};

TEST_F(Parameters, AreEmptyAtFirst) {
    EXPECT_THAT(store().effective(), IsEmpty());
    EXPECT_EQ(dump_parameters(store().part()), "");
    EXPECT_THAT(store().keys(), IsEmpty());
    EXPECT_EQ(store().get("a"), std::nullopt);
    EXPECT_FALSE(fs::exists(state())); // looking makes nothing
}

TEST_F(Parameters, AreAskedForByTheNodesName) {
    store().set("site/port", "80");
    EXPECT_EQ(store().without_node("web1/site/port"), "site/port");
    EXPECT_EQ(store().without_node("web1"), "");
    EXPECT_EQ(store().without_node("web10/site"), "web10/site");
    EXPECT_EQ(store().without_node("site/web1"), "site/web1");
    EXPECT_TRUE(store().has("site/port"));
    EXPECT_TRUE(store().has("site"));
    EXPECT_FALSE(store().has("site/prot"));
    EXPECT_FALSE(store().has("sit"));
    store().set("web1/x", "1"); // then that is meant
    EXPECT_EQ(store().without_node("web1/x"), "web1/x");
}

TEST_F(Parameters, AreStoredByteByByte) {
    const std::string bytes{"a\0b\n\n\xff", 6};
    store().set("t/x", bytes);
    EXPECT_EQ(sys::read_file(local("t/x")), bytes);
    EXPECT_EQ(store().get("t/x"), bytes);
    store().set("t/x", "");
    EXPECT_EQ(store().get("t/x"), "");
    EXPECT_EQ(sys::stat_path(state())->st_mode & 07777u, 0700u);
    EXPECT_EQ(sys::stat_path(local("t/x"))->st_mode & 07777u, 0600u);
    const sys::UniqueFd above = sys::open_directory(state() / "parameters");
    EXPECT_EQ(sys::list_directory(above.get(), state()).size(), 1u) << "nothing is left over";
}

TEST_F(Parameters, KeepOldReadersOnTheOldValue) {
    store().set("x", "old");
    const fs::path file = local("x");
    const auto before = sys::stat_path(file)->st_ino;
    const sys::UniqueFd reader = sys::open_beneath(sys::open_directory(file.parent_path()).get(), "x", 0);
    store().set("x", "newer");
    EXPECT_NE(sys::stat_path(file)->st_ino, before);
    EXPECT_EQ(sys::read_all(reader.get(), file), "old");
}

struct NameRow {
    const char* name;
    const char* key;
};
class BadName : public Parameters, public testing::WithParamInterface<NameRow> {};

TEST_P(BadName, IsRefusedEverywhereAndQuoted) {
    const std::string key = GetParam().key;
    const auto quoted = ThrowsMessage<sys::BadConfiguration>(HasSubstr("'" + key + "'"));
    EXPECT_THAT([&] { store().set(key, "x"); }, quoted);
    EXPECT_THAT([&] { store().set_tree(key); }, quoted);
    EXPECT_THAT([&] { (void)store().get(key); }, quoted);
    EXPECT_THAT([&] { store().erase(key, Erase::with_all_below); }, quoted);
    EXPECT_THAT([&] { (void)store().explain(key); }, quoted);
    EXPECT_THAT([&] { store().set_lines(key + "=x"); },
                ThrowsMessage<sys::BadConfiguration>(
                    AllOf(HasSubstr("line 1: bad parameter name: "), Not(HasSubstr(key)))))
        << "what was pasted may be a secret";
    EXPECT_FALSE(fs::exists(state()));
}
INSTANTIATE_TEST_SUITE_P(Names, BadName,
                         testing::Values(NameRow{"absolute", "/etc/passwd"}, NameRow{"dot_dot", "../web2/x"},
                                         NameRow{"dot_dot_inside", "a/../../b"}, NameRow{"dot", "./a"},
                                         NameRow{"double_slash", "a//b"}, NameRow{"blank", "a b"},
                                         NameRow{"trailing", "a/"}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(ParameterNodes, HaveCheckedNames) {
    EXPECT_THROW(ParameterStore("/nowhere", "../x"), sys::BadConfiguration);
    EXPECT_THROW(ParameterStore("/nowhere", ".set"), sys::BadConfiguration);
    EXPECT_THROW(ParameterStore("/nowhere", ""), sys::BadConfiguration);
}

TEST_F(Parameters, BelowAValueCannotBeSet) {
    store().set("a/b", "1");
    EXPECT_THAT(
        [&] { store().set("a/b/c/d", "2"); },
        ThrowsMessage<sys::BadConfiguration>(AllOf(HasSubstr("'a/b/c/d'"), HasSubstr("'a/b' is a value"))));
    EXPECT_THAT([&] { store().set_tree("a/b/c"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("'a/b' is a value")));
    EXPECT_THAT([&] { store().set_tree("a/b"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("delete a/b")));
    EXPECT_EQ(dump_parameters(store().part()), "a = {}\na/b = 1\n");
}

TEST_F(Parameters, ATreeDoesNotBecomeAValue) {
    store().set_tree("t");
    EXPECT_THAT([&] { store().set("t", "1"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("delete -r t")));
    store().set_tree("t"); // once more is fine
    EXPECT_EQ(dump_parameters(store().part()), "t = {}\n");
}

TEST_F(Parameters, AreDeletedOnlyWhenMeant) {
    store().set("t/a", "1");
    store().set_tree("e");
    EXPECT_THAT([&] { store().erase("t", Erase::one); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("-r")));
    EXPECT_THAT(
        [&] { store().erase("gone", Erase::one); },
        ThrowsMessage<sys::BadConfiguration>(AllOf(HasSubstr("'gone'"), HasSubstr("no such parameter"))));
    EXPECT_THROW(store().erase("gone", Erase::with_all_below), sys::BadConfiguration);
    store().erase("e", Erase::one);
    EXPECT_EQ(dump_parameters(store().part()), "t = {}\nt/a = 1\n");
    store().erase("t/a", Erase::one);
    EXPECT_EQ(dump_parameters(store().part()), "t = {}\n");
    store().set("t/a/b", "1");
    store().erase("t", Erase::with_all_below);
    EXPECT_EQ(dump_parameters(store().part()), "");
    const sys::UniqueFd above = sys::open_directory(state() / "parameters");
    EXPECT_EQ(sys::list_directory(above.get(), state()).size(), 1u) << "nothing is left over";
}

TEST_F(Parameters, OfTheServerCannotBeDeleted) {
    fetched("web1/a", "1");
    EXPECT_THAT([&] { store().erase("a", Erase::one); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("from the server")));
}

TEST_F(Parameters, AreSetByLines) {
    store().set_lines("# comment\n\n  a/b \t=\t 1 = 2 \n\ttree={}\nempty=\nlast = x");
    EXPECT_EQ(store().get("a/b"), "1 = 2 ");
    EXPECT_EQ(store().get("empty"), "");
    EXPECT_EQ(dump_parameters(store().part()), "a = {}\na/b = 1 = 2 \nempty = \nlast = x\ntree = {}\n");
}

struct LineRow {
    const char* name;
    const char* text;
    const char* fault;
};
class BadLine : public Parameters, public testing::WithParamInterface<LineRow> {};

TEST_P(BadLine, ChangesNothingAtAll) {
    store().set("old", "1");
    const std::string before = dump_parameters(store().part());
    EXPECT_THAT([&] { store().set_lines(GetParam().text); },
                ThrowsMessage<sys::BadConfiguration>(
                    AllOf(HasSubstr(GetParam().fault), HasSubstr("nothing was changed"))));
    EXPECT_EQ(dump_parameters(store().part()), before);
}
INSTANTIATE_TEST_SUITE_P(
    Lines, BadLine,
    testing::Values(LineRow{"no_equals", "a=1\n\nnonsense\n", "line 3 is not KEY=VALUE"},
                    LineRow{"bad_name", "a=1\n../b=2\n", "line 2: bad parameter name: "},
                    LineRow{"no_name", "a=1\n=2\n", "line 2: "},
                    LineRow{"below_own_value", "a=1\na/b=2\n", "line 2: cannot set 'a/b'"},
                    LineRow{"below_old_value", "x=1\nold/b=2\n", "line 2: cannot set 'old/b'"},
                    LineRow{"over_own_tree", "t/a=1\nt=2\n", "line 2: cannot set 't'"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(Parameters, ListTheMembersOfATree) {
    store().set("t/b/c", "1");
    store().set("t/a", "1");
    EXPECT_THAT(store().keys("t"), ElementsAre("a", "b"));
    EXPECT_THAT(store().keys(), ElementsAre("t"));
    EXPECT_THAT([&] { (void)store().keys("t/a"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("is a value")));
    EXPECT_THAT([&] { (void)store().keys("x"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("does not exist")));
    EXPECT_THAT([&] { (void)store().get("t"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("is a tree")));
}

TEST(DumpParameters, IsOneLineEach) {
    EXPECT_EQ(
        dump_parameters(
            {{"a", "x\n"}, {"b", "1\n2\n\n"}, {"c", ""}, {"t", std::nullopt}, {"t-u", "\n"}, {"t/a", "y"}}),
        "a = x\nb = 1\\n2\\n\nc = \nt = {}\nt-u = \nt/a = y\n");
}

TEST_F(Parameters, DumpAPart) {
    store().set("t/a", "1");
    store().set("t-x", "2");
    EXPECT_EQ(dump_parameters(store().part("t")), "t = {}\nt/a = 1\n");
    EXPECT_THROW((void)dump_parameters(store().part("none")), sys::BadConfiguration);
}

class LayeredParameters : public Parameters {
protected:
    void SetUp() override {
        module("base/parameters/port", "1\n");
        module("base/parameters/base/only", "b\n");
        module("app/parameters/port", "2\n");
        module("app/requires", "after base\nafter absent\n");
        fetched("roles/web/port", "3\n");
        fetched("roles/web/colour", "red\n");
        fetched("web1/inherits", "roles/web\n");
        fetched("web1/modules/app", "");
        fetched("web1/port", "4\n");
    }
};

TEST_F(LayeredParameters, AreLaidOverOneAnother) {
    std::vector<std::string> origins;
    for (const ParameterLayer& layer : store().layers()) origins.push_back(layer.origin);
    EXPECT_THAT(origins, ElementsAre("module base", "module app", "roles/web", "web1", "local"));
    store().set("colour", "blue");
    EXPECT_EQ(dump_parameters(store().part()),
              "base = {}\nbase/only = b\ncolour = blue\nmodules = {}\nmodules/app = \nport = 4\n");
    EXPECT_EQ(store().get("colour"), "blue");
    EXPECT_EQ(store().local().tree, (ParameterTree{{"colour", "blue"}}));
}

TEST_F(LayeredParameters, AreExplained) {
    store().set("port", "5\n");
    EXPECT_EQ(store().explain("port"), "module base  port = 1\n"
                                       "module app   port = 2\n"
                                       "roles/web    port = 3\n"
                                       "web1         port = 4\n"
                                       "local        port = 5  <- wins\n");
    EXPECT_EQ(store().explain("colour"), "roles/web  colour = red  <- wins\n");
    EXPECT_THAT([&] { (void)store().explain("none"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("'none'")));
}

TEST_F(LayeredParameters, ThatWouldClashAreNotSet) {
    const auto both =
        testing::AllOf(HasSubstr("'modules/base/parameters/base'"), HasSubstr("/parameters/web1/base'"));
    EXPECT_THAT([&] { store().set("base", "x"); }, ThrowsMessage<sys::BadConfiguration>(both));
    EXPECT_THAT([&] { store().set_lines("other = 1\nbase = x\n"); },
                ThrowsMessage<sys::BadConfiguration>(both));
    EXPECT_EQ(store().get("other"), std::nullopt);
    EXPECT_EQ(store().get("base/only"), "b\n");
}

TEST_F(LayeredParameters, ThatWouldClashWithAModuleThatIsAskedForAreNotSet) {
    module("extra/parameters/gate", "80");
    store().set("gate/x", "5");
    EXPECT_THAT([&] { store().set("modules/extra", ""); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("'modules/extra/parameters/gate'")));
}

/// A fetch brings what clashes with a local one.
TEST_F(LayeredParameters, ThatClashAreExplained) {
    put(local("base"), "x");
    store().set("other", "1"); // it is not to blame
    EXPECT_EQ(store().explain("base/only"),
              "module base  base/only = b\n"
              "local        base = x (no dance with both: base/only needs a tree there)\n");
    EXPECT_THAT([&] { (void)store().get("base/only"); },
                ThrowsMessage<sys::BadConfiguration>(testing::AllOf(
                    HasSubstr("'modules/base/parameters/base'"), HasSubstr("/parameters/web1/base'"))));
    store().erase("base", Erase::one);
    EXPECT_EQ(store().get("base/only"), "b\n");
}

TEST_F(LayeredParameters, ALocalModuleBringsItsDefaults) {
    module("extra/parameters/extra", "e");
    EXPECT_EQ(store().get("extra"), std::nullopt);
    store().set("modules/extra", "");
    EXPECT_EQ(store().get("extra"), "e");
}

} // namespace
} // namespace disco::fetch
