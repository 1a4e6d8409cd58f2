#include "runner/lint/finding.hpp"

#include "runner/sys/setting_lines.hpp"
#include "runner/sys/similar_word.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace disco::lint {
namespace {

std::string counted(std::size_t number, std::string_view what, std::string_view none) {
    return fmt::format("{} {}{}", number == 0 ? std::string{none} : std::to_string(number), what,
                       number == 1 ? "" : "s");
}

} // namespace

Subject module_subject(std::string name) { return {Subject::Kind::module, std::move(name)}; }
Subject node_subject(std::string name) { return {Subject::Kind::node, std::move(name)}; }

void sort_findings(std::vector<Finding>& findings) {
    const auto key = [](const Finding& one) {
        return std::tie(one.file, one.line, one.severity, one.text, one.subject);
    };
    std::sort(findings.begin(), findings.end(), [&](const Finding& a, const Finding& b) {
        if (std::tie(a.file, a.line) == std::tie(b.file, b.line) && a.severity != b.severity)
            return a.severity == Severity::error;
        return key(a) < key(b);
    });
    findings.erase(std::unique(findings.begin(), findings.end()), findings.end());
}

std::string in_words(const Finding& finding) {
    return fmt::format("{}: {}: {}",
                       finding.line == 0 ? finding.file : sys::place_of_line(finding.file, finding.line),
                       finding.severity == Severity::error ? "error" : "warning", finding.text);
}

void add_result(CheckResult& sum, CheckResult more, std::string_view universe) {
    const std::string before =
        universe == "." ? std::string{} : fmt::format("{}{}", universe, universe.ends_with('/') ? "" : "/");
    for (Finding& one : more.findings) {
        one.file = before + one.file;
        sum.findings.push_back(std::move(one));
    }
    const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    append(sum.modules, more.modules);
    append(sum.nodes, more.nodes);
    for (const std::string& note : more.notes)
        if (std::find(sum.notes.begin(), sum.notes.end(), note) == sum.notes.end()) sum.notes.push_back(note);
    sort_findings(sum.findings);
}

std::string in_words_not_checked(const sys::Error& error) {
    return fmt::format("is not checked: {}; check it as a user who may read it", error.full_text());
}

Counts count(const std::vector<Finding>& findings) {
    Counts counts;
    for (const Finding& one : findings) ++(one.severity == Severity::error ? counts.errors : counts.warnings);
    return counts;
}

std::string sum_in_words(const CheckResult& result) {
    const Counts counts = count(result.findings);
    return fmt::format("{}, {}: {}, {}", counted(result.modules.size(), "module", "0"),
                       counted(result.nodes.size(), "node", "0"), counted(counts.errors, "error", "no"),
                       counted(counts.warnings, "warning", "no"));
}

int line_naming(std::string_view text, std::string_view word) {
    int found = 0;
    sys::read_setting_lines(text, "", [&](const sys::SettingLine& line) {
        if (found == 0 && sys::words_of(line.text).back() == word) found = line.number;
    });
    return found;
}

std::string remedy(std::string_view typed, const std::vector<std::string>& known,
                   std::string_view otherwise) {
    const auto meant = sys::similar_word(typed, known);
    return meant ? fmt::format("; did you mean '{}'?", *meant) : fmt::format("; {}", otherwise);
}

} // namespace disco::lint
