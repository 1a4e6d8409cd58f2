// That the attempts can get through: with the walls down that stop them, each is seen to do so, by the same
// program but for its switches. And each of several walls holds them by itself.

#include "tests/escape/attempts.hpp"
#include "tests/escape/escape_fixture.hpp"

#include <algorithm>
#include <map>
#include <ostream>
#include <sstream>

#include <fmt/format.h>

namespace disco::tests {
namespace {

using model::Profile;
using Kind = AttemptResult::Kind;

/// Attempts that the same walls stop.
struct Walls {
    std::string down;
    Profile profile;
    std::vector<std::string> names;
};

std::ostream& operator<<(std::ostream& stream, const Walls& walls) {
    return stream << walls.names.size() << " attempts";
}

std::vector<Walls> wall_sets() {
    std::map<std::pair<std::string, Profile>, std::vector<std::string>> sets;
    for (const AttemptRow& row : attempt_table())
        if (row.why_not == nullptr) sets[{row.walls, row.profile}].push_back(row.name);
    std::vector<Walls> list;
    for (auto& [key, names] : sets) list.push_back({key.first, key.second, std::move(names)});
    return list;
}

std::vector<std::string> split(const std::string& walls) {
    std::istringstream stream{walls};
    std::vector<std::string> names;
    for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
    return names;
}

std::string test_name(const testing::TestParamInfo<Walls>& parameter) {
    std::string name = fmt::format("{}_{}", parameter.param.down, model::to_string(parameter.param.profile));
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == ',' || c == '-'; }, '_');
    return name;
}

class WithoutWalls : public EscapeTest, public testing::WithParamInterface<Walls> {};

TEST_P(WithoutWalls, AttemptsGetThrough) {
    const Walls& walls = GetParam();
    const AttemptResults results =
        attempt({.profile = walls.profile, .groups = "all", .names = walls.names, .without = walls.down});
    for (const std::string& name : walls.names) {
        const auto result = results.find(name);
        if (result == results.end()) {
            ADD_FAILURE() << name << " has told nothing";
            continue;
        }
        if (result->second.kind == Kind::absent) // nothing to be seen on this machine
            fmt::print("{}: absent: {}\n", name, result->second.how);
        else
            EXPECT_EQ(result->second.kind, Kind::escaped) << name << ": " << result->second.how;
    }
}

INSTANTIATE_TEST_SUITE_P(Escape, WithoutWalls, testing::ValuesIn(wall_sets()), test_name);

class WithOneWallLeft : public EscapeTest, public testing::WithParamInterface<Walls> {};

TEST_P(WithOneWallLeft, AttemptsAreHeld) {
    const Walls& walls = GetParam();
    for (const std::string& left : split(walls.down)) {
        std::string down;
        for (const std::string& name : split(walls.down))
            if (name != left) down += down.empty() ? name : "," + name;
        SCOPED_TRACE(left + " is left");
        // The kernel takes no filter from a program that could still gain privileges.
        if (down.find("no-new-privs") != std::string::npos && left == "seccomp") continue;
        const AttemptResults results =
            attempt({.profile = walls.profile, .groups = "all", .names = walls.names, .without = down});
        for (const auto& [name, result] : results)
            EXPECT_NE(result.kind, Kind::escaped) << name << ": " << result.how;
    }
}

std::vector<Walls> sets_of_several() {
    std::vector<Walls> sets = wall_sets();
    std::erase_if(sets, [](const Walls& walls) { return walls.down.find(',') == std::string::npos; });
    return sets;
}
INSTANTIATE_TEST_SUITE_P(Escape, WithOneWallLeft, testing::ValuesIn(sets_of_several()), test_name);

} // namespace
} // namespace disco::tests
