// What a shim says and what is made of it: any bytes, files that will be gone.

#include "runner/border/allowance.hpp"
#include "runner/border/host_command.hpp"
#include "runner/border/plain_files.hpp"
#include "runner/border/private_files.hpp"
#include "runner/border/shim_request.hpp"

#include <cstring>

#include <gmock/gmock.h>

namespace disco::border {
namespace {

namespace shim = policy::shim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string request(shim::Request heading, const std::vector<std::string>& words,
                    const std::vector<std::string>& variables, const std::string& directory) {
    std::string rest;
    for (const std::string& word : words) rest.append(word).push_back('\0');
    heading.words = static_cast<std::uint32_t>(words.size());
    heading.word_bytes = static_cast<std::uint32_t>(rest.size());
    for (const std::string& variable : variables) rest.append(variable).push_back('\0');
    heading.variable_bytes = static_cast<std::uint32_t>(rest.size()) - heading.word_bytes;
    heading.directory_bytes = static_cast<std::uint32_t>(directory.size());
    std::string bytes(sizeof heading, '\0');
    std::memcpy(bytes.data(), &heading, sizeof heading);
    return bytes + rest + directory;
}

TEST(ShimRequest, IsReadAsItWasSent) {
    shim::Request heading;
    heading.umask = 077;
    const std::string bytes = request(heading, {"systemctl", "", "two words"}, {"A=1", "B="}, "/srv/x y");
    ShimRequest heard;
    ASSERT_EQ(parse_request(bytes, heard), Progress::whole);
    EXPECT_THAT(heard.argv, ElementsAre("systemctl", "", "two words"));
    EXPECT_THAT(heard.environment, ElementsAre("A=1", "B="));
    EXPECT_EQ(heard.directory, "/srv/x y");
    EXPECT_EQ(heard.umask, 077U);
    EXPECT_FALSE(heard.environment_cut);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_EQ(parse_request(std::string_view{bytes}.substr(0, size), heard), Progress::partial) << size;
}

TEST(ShimRequest, OtherBytesAreNoRequest) {
    const auto damaged = [](const std::string& bytes) {
        ShimRequest heard;
        return parse_request(bytes, heard) == Progress::damaged;
    };
    const auto with = [](auto change) {
        std::string bytes = request({}, {"ip"}, {}, "/");
        shim::Request heading;
        std::memcpy(&heading, bytes.data(), sizeof heading);
        change(heading);
        std::memcpy(bytes.data(), &heading, sizeof heading);
        return bytes;
    };
    EXPECT_TRUE(damaged(with([](auto& heading) { heading.magic = 0; })));
    EXPECT_TRUE(damaged(with([](auto& heading) { heading.wish = static_cast<shim::Wish>(99); })));
    EXPECT_TRUE(damaged(with([](auto& heading) { heading.words = 0; })));
    EXPECT_TRUE(damaged(with([](auto& heading) { heading.words = 2; })));
    EXPECT_TRUE(damaged(with([](auto& heading) { heading.word_bytes = shim::most_word_bytes + 1; })));
    EXPECT_TRUE(damaged(with([](auto& heading) { heading.variable_bytes = ~0U; })));
    EXPECT_TRUE(damaged(with([](auto& heading) { heading.directory_bytes = ~0U; })));
    EXPECT_TRUE(damaged(request({}, {"ip"}, {}, "/") + "more"));
    EXPECT_TRUE(damaged(request({}, {""}, {}, "/")));
    EXPECT_TRUE(damaged(std::string(4096, 'x')));
    shim::Request fails;
    fails.wish = shim::Wish::fail;
    EXPECT_TRUE(damaged(request(fails, {"one"}, {}, "/")));
}

TEST(ShimRequest, ADirectoryThatCannotBeNamedIsNone) {
    ShimRequest heard;
    for (const char* directory : {"", "(unreachable)/x", "relative"}) {
        ASSERT_EQ(parse_request(request({}, {"ip"}, {}, directory), heard), Progress::whole);
        EXPECT_EQ(heard.directory, "") << directory;
    }
}

std::string part(std::uint32_t size, const std::string& bytes) {
    const shim::InputPart heading{size};
    std::string all(sizeof heading, '\0');
    std::memcpy(all.data(), &heading, sizeof heading);
    return all + bytes;
}

TEST(ShimInput, IsTakenInParts) {
    std::string bytes = part(3, "abc") + part(2, "de") + part(0, ""), input, why;
    EXPECT_EQ(take_input(bytes, input, why), Progress::whole);
    EXPECT_EQ(input, "abcde");
    std::string half = part(5, "ab");
    EXPECT_EQ(take_input(half, input, why), Progress::partial);
}

TEST(ShimInput, IsBounded) {
    std::string input(shim::most_input_bytes - 1, 'x'), why;
    std::string bytes = part(2, "ab");
    EXPECT_EQ(take_input(bytes, input, why), Progress::damaged);
    EXPECT_THAT(why, HasSubstr("longer than 16 MiB"));
    bytes = part(shim::input_is_terminal, "");
    EXPECT_EQ(take_input(bytes, input, why), Progress::damaged);
    EXPECT_THAT(why, HasSubstr("is a terminal"));
}

TEST(ActionEnvironment, HasNothingOfDiscoAndTheLinker) {
    EXPECT_THAT(action_environment({"A=1", "DISCO_NODE=x", "NOOP=true", "LD_PRELOAD=/x", "BASH_ENV=/y",
                                    "PATH=/z", "SYSTEMD_OFFLINE=1", "BASH_FUNC_f%%=() { :; }", "_=/bin/x",
                                    "=odd", "none", "HOME=/root"}),
                ElementsAre("A=1", "HOME=/root"));
}

TEST(HostCommand, AQuestionHasNothingOfTheCallers) {
    const Host host{"/", "/lib/disco-on-host", {"/var/lib/disco"}};
    const HostCommand command = question(host, {"ss", "-t"}, {"ptrace", "bus"}, 17);
    EXPECT_THAT(command.argv, ElementsAre("/lib/disco-on-host", "query", "/", "--need=ptrace", "--need=bus",
                                          "--hide=/var/lib/disco", "--hide-process=17", "--", "ss", "-t"));
    for (const std::string& variable : command.environment)
        EXPECT_THAT(variable, testing::Not(HasSubstr("DISCO")));
}

TEST(PrivateFiles, AreNamedInManyWays) {
    EXPECT_THAT(paths_meant("x", "/tmp/d"), ElementsAre("/tmp/d/x"));
    EXPECT_THAT(paths_meant("../x", "/tmp/d"), ElementsAre("/tmp/x"));
    EXPECT_THAT(paths_meant("--file=/tmp/x", "/"), ElementsAre("/--file=/tmp/x", "/tmp/x"));
    EXPECT_THAT(paths_meant("x", ""), IsEmpty());
    for (const char* path :
         {"/tmp/x", "/dev/shm/x", "/run/disco/module/x", "/run/disco-broker/x", "/var/lib/disco/x"})
        EXPECT_TRUE(is_private(path, RunDirectory::carried_over)) << path;
    for (const char* path : {"/tmp", "/tmpx", "/var/tmp/x", "/run/x", "/etc/x", "/var/lib/discover"})
        EXPECT_FALSE(is_private(path, RunDirectory::carried_over)) << path;
    EXPECT_TRUE(is_private("/run/x", RunDirectory::gone));
}

TEST(PlainFiles, AreThoseThatNobodyHasChangedSinceItBegan) {
    PlainFiles plain{1000};
    struct stat file = {};
    file.st_ino = 1;
    file.st_ctim = {990, 5};
    EXPECT_FALSE(plain.contains(file));
    plain.note(file);
    EXPECT_TRUE(plain.contains(file));
    file.st_ctim.tv_nsec = 6;
    EXPECT_FALSE(plain.contains(file));
    for (const time_t changed : {999, 1000, 1020}) { // somebody may have it mapped
        file.st_ctim = {changed, 0};
        plain.note(file);
        EXPECT_FALSE(plain.contains(file)) << changed;
    }
}

TEST(Allowance, EndsByNumberAndBySize) {
    Allowance by_number;
    for (std::size_t i = 0; i < Allowance::most_requests; ++i) ASSERT_TRUE(by_number.take(1));
    EXPECT_FALSE(by_number.take(0));
    Allowance by_size;
    EXPECT_TRUE(by_size.take(Allowance::most_bytes - 1));
    EXPECT_FALSE(by_size.take(2));
    EXPECT_TRUE(by_size.take(1));
    EXPECT_FALSE(by_size.take(~std::size_t{0}));
}

} // namespace
} // namespace disco::border
