#pragma once

#include "runner/lint/finding.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace disco::lint {

/// A script or template that bash reads.
struct ShellText {
    Subject subject;
    std::string file;            ///< for messages: "modules/m/scripts/10-x"
    std::filesystem::path place; ///< on this machine
    std::string text;
    bool names_its_shell = false; ///< by a #! line
};

/// Reads a regular file of a universe, whoever wrote it: follows no symlink, waits for nothing, and leaves
/// alone what has more than a MiB. Adds a finding, and returns false, when there is nothing to check.
[[nodiscard]] bool read_shell_text(ShellText& text, std::vector<Finding>& findings);

/// Lets bash parse them (bash -n: nothing is executed). When there is no bash, a note says so.
void check_shell_syntax(const std::vector<ShellText>& texts, CheckResult& result);

/// Lets shellcheck look at them, from its level "warning" on; when it is not installed, a note says so.
void check_with_shellcheck(const std::vector<const ShellText*>& texts, CheckResult& result);

/// What shellcheck prints with `--format=gcc`: the findings about these texts. Pure.
[[nodiscard]] std::vector<Finding> shellcheck_findings(std::string_view output,
                                                       const std::vector<const ShellText*>& texts);

} // namespace disco::lint
