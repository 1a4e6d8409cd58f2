#pragma once

#include "runner/model/run_report.hpp"

#include <chrono>
#include <string>

#include <sys/resource.h>

namespace disco::run {

/// Measures work of this process from its construction on.
class Stopwatch {
public:
    Stopwatch() : started_{std::chrono::steady_clock::now()}, before_{used()} {}
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    }
    /// A step that took until now.
    [[nodiscard]] model::Step step(model::Phase phase, std::string name) const {
        model::Step step;
        step.phase = phase;
        step.name = std::move(name);
        step.wall_s = seconds();
        step.usage = used() - before_;
        return step;
    }

private:
    static model::ResourceUsage used() {
        struct rusage usage = {};
        ::getrusage(RUSAGE_SELF, &usage);
        return model::resource_usage(usage);
    }
    std::chrono::steady_clock::time_point started_;
    model::ResourceUsage before_;
};

} // namespace disco::run
