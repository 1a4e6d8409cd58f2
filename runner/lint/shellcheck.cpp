#include "runner/lint/shell_text.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

// Texts for bash: what shellcheck says of them.
namespace disco::lint {
namespace {

constexpr std::size_t most_together = 40;
constexpr std::chrono::minutes patience{5};

/// The caller's: shellcheck may be one that a person has installed for themselves.
std::string search_path() {
    const char* path = std::getenv("PATH");
    return path == nullptr || *path == '\0' ? sys::usual_path : path;
}

/// The text that a line begins with the file of, and what comes behind the colon.
using Places = std::map<std::string, const ShellText*, std::less<>>;
std::pair<const ShellText*, std::string_view> text_of(std::string_view line, const Places& places) {
    for (std::size_t at = line.find(':'); at != std::string_view::npos; at = line.find(':', at + 1))
        if (const auto found = places.find(line.substr(0, at)); found != places.end())
            return {found->second, line.substr(at + 1)};
    return {nullptr, line};
}

sys::ProgramSpec shellcheck(const std::vector<const ShellText*>& texts, bool names_its_shell) {
    sys::ProgramSpec spec{.argv = {"shellcheck", "--color=never", "--format=gcc", "--severity=warning",
                                   "--norc"}, // a universe's own could have it read any file
                          .environment = {"LC_ALL=C.UTF-8", "PATH=" + search_path()},
                          .input = {},
                          .timeout = patience};
    if (!names_its_shell) spec.argv.emplace_back("--shell=bash");
    spec.argv.emplace_back("--");
    for (const ShellText* one : texts) spec.argv.push_back(one->place);
    return spec;
}

} // namespace

std::vector<Finding> shellcheck_findings(std::string_view output,
                                         const std::vector<const ShellText*>& texts) {
    Places places;
    for (const ShellText* one : texts) places.emplace(one->place.string(), one);
    std::vector<Finding> findings;
    for (const std::string_view line : sys::lines_of(output)) {
        auto [text, rest] = text_of(line, places);
        if (text == nullptr) continue;
        const int number = sys::number_in<int>(sys::take_until(rest, ':'), 0).value_or(0);
        sys::take_until(rest, ':'); // the column
        std::string_view level = sys::trimmed(sys::take_until(rest, ':'));
        // Its errors are not what a run fails on: bash itself has read the text before.
        const auto severity = Severity::warning;
        if (level != "error" && level != "warning") continue;
        findings.push_back({text->subject, text->file, number, severity,
                            fmt::format("shellcheck: {}", sys::printable_text(sys::trimmed(rest)))});
    }
    return findings;
}

void check_with_shellcheck(const std::vector<const ShellText*>& texts, CheckResult& result) {
    if (texts.empty()) return;
    if (!sys::find_program("shellcheck", search_path())) {
        result.notes.emplace_back("shellcheck is not installed, so it was not asked: install the package "
                                  "shellcheck for more hints");
        return;
    }
    const auto processors = static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    const std::size_t together = std::clamp<std::size_t>(texts.size() / processors, 1, most_together);
    std::vector<sys::ProgramSpec> specs;
    for (const bool names_its_shell : {true, false}) {
        std::vector<const ShellText*> group;
        const auto end_group = [&] {
            if (!group.empty()) specs.push_back(shellcheck(std::exchange(group, {}), names_its_shell));
        };
        for (const ShellText* one : texts) {
            if (one->names_its_shell != names_its_shell) continue;
            group.push_back(one);
            if (group.size() >= together) end_group();
        }
        end_group();
    }
    for (const sys::ProgramResult& done : sys::run_programs(specs, processors)) {
        for (Finding& one : shellcheck_findings(done.output, texts))
            result.findings.push_back(std::move(one));
        if (done.timed_out || done.signal != 0 || done.exit > 1)
            result.notes.push_back(
                fmt::format("shellcheck did not look at all scripts: {}",
                            done.timed_out ? "it took too long" : sys::printable_text(done.error)));
    }
}

} // namespace disco::lint
