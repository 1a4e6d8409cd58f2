#pragma once

#include "tests/escape/bait.hpp"
#include "tests/support/throw_away.hpp"

#include "runner/model/run_report.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace disco::tests {

/// What an attempt came to, as the payload says it.
struct AttemptResult {
    enum class Kind { escaped, held, absent } kind = Kind::held;
    std::string how;
};
using AttemptResults = std::map<std::string, AttemptResult>;

/// Runs attempts inside a sandbox on a throw-away root, with bait outside. The state directory lies in the
/// root, as it does on a real machine.
class EscapeTest : public DanceTest {
protected:
    void SetUp() override;
    void TearDown() override;

    /// What the payload is told: groups, then names ("all", or "AB", or "all mount bind").
    struct Batch {
        model::Profile profile = model::Profile::simulate;
        std::string groups = "all";
        std::vector<std::string> names{};
        std::string without{}; ///< walls that are down; empty: the program as it is shipped
    };
    /// One sandbox for all of them: a template, a strict script, `disco exec --noop` or `disco exec`, which
    /// merges nothing as nobody answers its question. Expects that the
    /// machine is the same before and after.
    [[nodiscard]] AttemptResults attempt(const Batch& batch);

    /// Runs the program on the terminal, with descriptors to leak; its output. Fails the test when it does
    /// not end.
    std::string run(std::vector<std::string> words, const std::string& without = {});
    /// How the last run ended: its exit code, or 1000 + the signal.
    [[nodiscard]] int exit() const noexcept { return exit_; }
    [[nodiscard]] std::filesystem::path inner_state() const { return root() / "srv/state"; }
    [[nodiscard]] Snapshot machine() const;
    [[nodiscard]] std::filesystem::path outside() const { return place() / "outside"; }

private:
    [[nodiscard]] std::filesystem::path queues() const { return place() / "mqueue"; }

    std::unique_ptr<Bait> bait_;
    double clock_ = 0;
    int exit_ = 0;
};

} // namespace disco::tests
