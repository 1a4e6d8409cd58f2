#pragma once

#include "runner/model/run_report.hpp"
#include "runner/model/secret_mask.hpp"
#include "runner/report/recorded_change.hpp"

#include <optional>

// What is shown and recorded where there are secrets.
namespace disco::report {

[[nodiscard]] model::ModuleReport masked(model::ModuleReport module, const model::SecretMask& mask);
/// What is redacted has no diff either.
[[nodiscard]] RecordedChange masked(RecordedChange change, const model::SecretMask& mask);

/// A run's report without secrets: the report itself where none are known. Borrows it.
class MaskedRun {
public:
    MaskedRun(const model::RunReport& run, const model::SecretMask& mask);
    [[nodiscard]] const model::RunReport& operator*() const { return copy_ ? *copy_ : run_; }
    [[nodiscard]] const model::RunReport* operator->() const { return &**this; }

private:
    const model::RunReport& run_;
    std::optional<model::RunReport> copy_;
};

} // namespace disco::report
