// Profiles: what their files may say, and what is wrong with those that say something else.

#include "policy/policy_store.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/build_tree.hpp"

#include <cerrno>
#include <filesystem>
#include <map>
#include <string>

#include <gmock/gmock.h>

namespace disco::policy {
namespace {

using testing::HasSubstr;

ProfilePolicy parse(const std::map<std::string, std::string>& files, const std::string& name = "strict") {
    return parse_profile(
        name,
        [&](const std::string& wanted) {
            return ProfileText{files.at(wanted), "/p/" + wanted + ".json"};
        },
        [](std::string_view call) {
            return call == "read" || call == "write" || call == "mount" || call == "bpf";
        });
}

std::string objection(const std::string& text) {
    try {
        parse({{"strict", text}});
    } catch (const sys::BadConfiguration& error) {
        return error.what();
    }
    return "none";
}

TEST(Profile, RulesReplaceInheritedOnes) {
    const ProfilePolicy policy = parse(
        {{"base",
          R"({"capabilities": ["CHOWN"], "calls": {"allow": {"": ["read write"]}, "refuse": {"": ["bpf"]}}})"},
         {"strict", R"({"inherits": "base", "capabilities": ["KILL MKNOD"],
                       "calls": {"report": {"bpf": "success", "mount": "ENODEV"}, "refuse": {"x": ["write"]}}})"}});
    EXPECT_EQ(policy.capabilities, std::uint64_t{1} << 5 | std::uint64_t{1} << 27);
    EXPECT_EQ(policy.calls.at("read"), (CallRule{CallRule::Kind::allow, 0}));
    EXPECT_EQ(policy.calls.at("write"), (CallRule{CallRule::Kind::refuse, 0}));
    EXPECT_EQ(policy.calls.at("bpf"), (CallRule{CallRule::Kind::report, 0}));
    EXPECT_EQ(policy.calls.at("mount"), (CallRule{CallRule::Kind::report, ENODEV}));
}

struct Wrong {
    const char* name;
    const char* text;
    const char* objection;
};
class WrongProfile : public testing::TestWithParam<Wrong> {};
TEST_P(WrongProfile, IsRefusedWithFileLineAndKey) {
    EXPECT_THAT(objection(GetParam().text), HasSubstr(GetParam().objection));
}
INSTANTIATE_TEST_SUITE_P(
    Policy, WrongProfile,
    testing::Values(
        Wrong{"no_json", "{\n \"calls\": {,}\n}", "/p/strict.json:2: this is not JSON"},
        Wrong{"no_object", "[]", "/p/strict.json: a profile is an object"},
        Wrong{"unknown_key", "{\n\n \"cals\": {}}", "/p/strict.json:3: 'cals': there is no such key"},
        Wrong{"unknown_kind", "{\"calls\":\n {\"permit\": {}}}",
              "/p/strict.json:2: 'permit': there is no such key"},
        Wrong{"unknown_call", "{\"calls\":\n {\"allow\": {\"\": [\"raed\"]}}}",
              "/p/strict.json:2: 'raed': there is no such system call"},
        Wrong{"unknown_capability", "{\"capabilities\": [\n\"CAP_CHOWN\"]}",
              "/p/strict.json:2: 'CAP_CHOWN': there is no such capability"},
        Wrong{"unknown_answer", "{\"calls\": {\"report\": {\n\"mount\": \"ENOPE\"}}}",
              "/p/strict.json:2: 'mount': 'ENOPE' is neither \"success\" nor an error's name"},
        Wrong{"two_rules", "{\"calls\": {\"allow\": {\"\": [\"read\"]}, \"refuse\": {\"\": [\"read\"]}}}",
              "'read': this call has two rules in one file"},
        Wrong{"list_of_numbers", "{\"capabilities\": [1]}", "'capabilities': this must be a list of strings"},
        Wrong{"inherits_itself", "{\"inherits\": \"strict\"}", "'strict' inherits itself in the end"},
        Wrong{"inherits_a_path", "{\"inherits\": \"../strict\"}",
              "'../strict': this is no name of a profile"}),
    [](const auto& row) { return std::string{row.param.name}; });

/// The shipped policy, with an administrator's file over it.
class Overridden : public testing::Test {
protected:
    std::filesystem::path lib = tests::data_directory();
    sys::OwnedDirectory etc{std::filesystem::temp_directory_path(), "disco-policy-"};
    void replace(const std::string& name, const std::string& text) {
        std::filesystem::create_directories(etc.path() / "profiles");
        sys::write_file(etc.path() / "profiles" / name, text, 0644);
    }
};

TEST_F(Overridden, NothingReplacedIsWhatWasCompiled) {
    PolicyStore shipped{lib, etc.path()};
    const auto read = [&](const std::string& name) {
        return ProfileText{sys::read_file(lib / "profiles" / (name + ".json")), name};
    };
    const Profiles profiles = read_profiles(read, shipped.calls());
    EXPECT_EQ(*shipped.sandbox(), confine_sandbox_by(profiles, shipped.calls()));
    for (const auto profile : all_profiles) {
        Confinement compiled = confine_program_by(profile, profiles, shipped.calls());
        set_exec_token(compiled, shipped.program(profile)->exec_token);
        EXPECT_EQ(*shipped.program(profile), compiled);
    }
}

TEST_F(Overridden, AReplacedProfileIsUsed) {
    replace("strict.json", R"({"inherits": "base", "capabilities": ["KILL"]})");
    PolicyStore store{lib, etc.path()};
    EXPECT_EQ(store.program(model::Profile::strict)->capabilities, std::uint64_t{1} << 5);
    EXPECT_EQ(store.file_of("strict"), etc.path() / "profiles/strict.json");
    EXPECT_EQ(store.program(model::Profile::live)->capabilities,
              PolicyStore(lib, "/nonexistent").program(model::Profile::live)->capabilities);
}

TEST_F(Overridden, ABadOneIsToldAtOnce) {
    replace("live.json", "{\"calls\": {\"allow\": {\"\": [\"nonsense\"]}}}");
    EXPECT_THROW(PolicyStore(lib, etc.path()), sys::BadConfiguration);
}

TEST_F(Overridden, AFileThatReplacesNothingIsAMistake) {
    replace("stict.json", "{}");
    try {
        PolicyStore store{lib, etc.path()};
        FAIL();
    } catch (const sys::BadConfiguration& error) {
        EXPECT_THAT(error.what(), HasSubstr("stict.json' replaces no profile"));
    }
}

} // namespace
} // namespace disco::policy
