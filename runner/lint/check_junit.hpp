#pragma once

#include "runner/lint/finding.hpp"

#include <string>

namespace disco::lint {

enum class Warnings { are_no_failures, are_failures };

/// The result as JUnit's XML: a test case for each module and each node, and one for the universe when there
/// is something to say of it. Pure.
[[nodiscard]] std::string junit_report(const CheckResult& result, Warnings warnings);

} // namespace disco::lint
