#pragma once

#include "runner/fetch/fetch_settings.hpp"
#include "runner/fetch/rsync_command.hpp"
#include "runner/fetch/rsync_failure.hpp"
#include "runner/model/run_report.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace disco::fetch {

struct RsyncJob {
    RsyncCall call;
    std::string wanted; ///< in words, for messages
};

struct RsyncAnswer {
    std::optional<RsyncFailure> failure;
    std::string output;
};

/// Runs rsync and counts what that took.
class RsyncRunner {
public:
    explicit RsyncRunner(FetchSettings settings) : settings_{std::move(settings)} {}

    /// Runs all, at most `parallel` at a time; answers in the order of the jobs. A job for which the server
    /// had no connection left is run again when the others are done. What is not done when the settings'
    /// limit is over, counted from the first run of all, has failed as unreachable. Throws BadConfiguration
    /// when there is no such program.
    [[nodiscard]] std::vector<RsyncAnswer> run(const std::vector<RsyncJob>& jobs, std::size_t parallel);

    /// One job; throws when it fails.
    void fetch(const RsyncJob& job);

    /// Sum of the runs since the last call.
    [[nodiscard]] model::ResourceUsage take_usage();
    /// How often rsync was started, ever.
    [[nodiscard]] std::size_t runs() const noexcept { return runs_; }

private:
    /// What one run of rsync does for a job.
    struct Piece {
        const RsyncCall* call;
        const std::string* wanted;
        RsyncAnswer* answer;
    };
    void run_pieces(std::vector<Piece> pieces, std::size_t parallel);

    FetchSettings settings_;
    std::optional<std::chrono::steady_clock::time_point> deadline_; ///< of all runs, from the first one on
    model::ResourceUsage usage_;
    std::size_t runs_ = 0;
};

} // namespace disco::fetch
