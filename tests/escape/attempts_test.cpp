// Every attempt of the table, in every profile: none gets through, and the machine is as it was.

#include "tests/escape/attempts.hpp"
#include "tests/escape/escape_fixture.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace disco::tests {
namespace {

using model::Profile;
using Kind = AttemptResult::Kind;

class Attempts : public EscapeTest, public testing::WithParamInterface<std::tuple<Profile, char>> {};

TEST_P(Attempts, AreHeld) {
    const auto [profile, group] = GetParam();
    const AttemptResults results = attempt({.profile = profile, .groups = std::string(1, group)});
    std::size_t rows = 0;
    for (const AttemptRow& row : attempt_table()) {
        if (row.group != group) continue;
        ++rows;
        const auto result = results.find(row.name);
        if (result == results.end()) {
            ADD_FAILURE() << row.name << " has told nothing";
            continue;
        }
        if (std::find(row.profiles.begin(), row.profiles.end(), profile) == row.profiles.end()) continue;
        EXPECT_NE(result->second.kind, Kind::escaped) << row.name << ": " << result->second.how;
    }
    EXPECT_EQ(results.size(), rows) << "the payload makes attempts that the table does not have";
}

INSTANTIATE_TEST_SUITE_P(
    Escape, Attempts,
    testing::Combine(testing::Values(Profile::template_, Profile::strict, Profile::simulate, Profile::live),
                     testing::Values('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'L', 'M', 'N')),
    [](const auto& parameters) {
        return fmt::format("{}_{}", model::to_string(std::get<0>(parameters.param)),
                           std::get<1>(parameters.param));
    });

} // namespace
} // namespace disco::tests
