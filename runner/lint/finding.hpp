#pragma once

#include "runner/sys/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// What a check of a universe has found: values. Pure.
namespace disco::lint {

enum class Severity {
    warning, ///< a run goes on with it
    error,   ///< a run refuses it, or fails on it
};

/// Whom something is about: the test cases of the JUnit report. Empty name: the universe as a whole.
struct Subject {
    enum class Kind { universe, module, node } kind = Kind::universe;
    std::string name;
    friend auto operator<=>(const Subject&, const Subject&) = default;
};
[[nodiscard]] Subject module_subject(std::string name);
[[nodiscard]] Subject node_subject(std::string name);

struct Finding {
    Subject subject;
    std::string file; ///< relative to the universe, printable: "modules/m/requires"
    int line = 0;     ///< 0: it is about the whole file
    Severity severity = Severity::error;
    std::string text; ///< what is wrong; what to do
    friend auto operator<=>(const Finding&, const Finding&) = default;
};

/// By file, line, severity (errors first) and text; each once.
void sort_findings(std::vector<Finding>& findings);

/// "FILE:LINE: error: TEXT", as compilers print it, so that editors can go there.
[[nodiscard]] std::string in_words(const Finding& finding);

struct Counts {
    std::size_t errors = 0, warnings = 0;
};
[[nodiscard]] Counts count(const std::vector<Finding>& findings);

/// The text of a warning about what this user cannot read; a run, as root, may.
[[nodiscard]] std::string in_words_not_checked(const sys::Error& error);

/// What was checked, and what was found.
struct CheckResult {
    std::vector<std::string> modules, nodes;
    std::vector<Finding> findings;
    std::vector<std::string> notes; ///< what could not be checked, and why
};

/// Adds what another check has found, its files named from `universe` on (as a person typed it).
void add_result(CheckResult& sum, CheckResult more, std::string_view universe);

/// The last line: "4 modules, 1 node: no errors, 2 warnings".
[[nodiscard]] std::string sum_in_words(const CheckResult& result);

/// The line of a file of settings whose last word is `word`; 0 when there is none.
[[nodiscard]] int line_naming(std::string_view text, std::string_view word);

/// "; did you mean 'x'?" or, when nothing is near, "; OTHERWISE".
[[nodiscard]] std::string remedy(std::string_view typed, const std::vector<std::string>& known,
                                 std::string_view otherwise);

} // namespace disco::lint
