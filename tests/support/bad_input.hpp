#pragma once

#include "tests/support/throw_away.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco::tests {

/// What is wrong is refused with a message that says what, where and why.
class BadInput : public DanceTest {
protected:
    /// Runs it both ways: each ends with `exit`, says all of `words`, and changes nothing.
    void expect_refusal(int exit, const std::vector<std::string>& words,
                        const std::vector<std::string>& more = {}) {
        const Snapshot before = root_snapshot();
        for (const bool dry : {true, false}) {
            const auto result = dry ? noop(more) : live(more);
            EXPECT_EQ(result.exit, exit) << result.output << result.error;
            for (const std::string& word : words)
                EXPECT_THAT(result.output + result.error, testing::HasSubstr(word))
                    << (dry ? "noop" : "live");
            EXPECT_EQ(difference(before, root_snapshot()), "");
        }
    }
    std::filesystem::path in_module(const std::string& path) const { return universe() / "modules/m" / path; }
};

} // namespace disco::tests
