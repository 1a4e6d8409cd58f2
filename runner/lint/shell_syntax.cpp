#include "runner/lint/shell_batch.hpp"
#include "runner/lint/shell_text.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/program.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

// Texts for bash: what bash itself says of them.
namespace disco::lint {
namespace {

/// One word of a command line has 128 KiB at most.
constexpr std::size_t longest_word = 120 << 10;
constexpr std::size_t most_together = 256;
constexpr std::chrono::seconds patience{20};

using Group = std::vector<const ShellText*>;

/// Operators such as @(a|b) are syntax only after `shopt -s extglob`, which is not executed here.
bool uses_extended_patterns(const ShellText& text) { return text.text.find("extglob") != std::string::npos; }

/// Nothing of the caller's environment: BASH_ENV, ENV and functions in it would be executed.
sys::ProgramSpec bash(bool extended, std::vector<std::string> words) {
    sys::ProgramSpec spec{.argv = {"bash", "--norc", "--noprofile"},
                          .environment = {"LC_ALL=C", fmt::format("PATH={}", sys::usual_path)},
                          .input = {},
                          .timeout = patience,
                          .output_limit = std::size_t{1} << 20};
    if (extended) spec.argv.insert(spec.argv.end(), {"-O", "extglob"});
    std::move(words.begin(), words.end(), std::back_inserter(spec.argv));
    return spec;
}

class SyntaxCheck {
public:
    explicit SyntaxCheck(std::vector<Finding>& findings) : findings_{findings} {}

    /// Halves the groups that are not as they should be until each text that is not stands alone.
    void check(std::vector<Group> groups) {
        Group alone;
        while (!groups.empty()) {
            std::vector<Group> next;
            const auto clean = are_clean(groups);
            for (std::size_t i = 0; i < groups.size(); ++i) {
                Group& group = groups[i];
                if (clean[i]) continue;
                if (group.size() <= 4) {
                    alone.insert(alone.end(), group.begin(), group.end());
                    continue;
                }
                const auto half = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
                next.emplace_back(group.begin(), half);
                next.emplace_back(half, group.end());
            }
            groups = std::move(next);
        }
        check_each(alone);
    }

    void check_each(const Group& texts) {
        std::vector<sys::ProgramSpec> specs;
        for (const ShellText* one : texts) {
            const bool extended = uses_extended_patterns(*one);
            if (one->text.size() < longest_word && one->text.find('\0') == std::string::npos) {
                specs.push_back(bash(extended, {"-n", "-c", one->text}));
            } else {
                specs.push_back(bash(extended, {"-n", "-s"}));
                specs.back().input = one->text;
            }
        }
        const auto results = sys::run_programs(specs, processors());
        for (std::size_t i = 0; i < texts.size(); ++i) enter(*texts[i], results[i]);
    }

private:
    static std::size_t processors() {
        return static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    }

    static std::vector<bool> are_clean(const std::vector<Group>& groups) {
        std::vector<bool> clean(groups.size(), true);
        for (const Direction direction : {Direction::forwards, Direction::backwards}) {
            std::vector<sys::ProgramSpec> specs;
            std::vector<std::size_t> parsed; // by each of them
            for (std::size_t i = 0; i < groups.size(); ++i) {
                if (!clean[i]) continue;
                std::vector<std::string_view> texts;
                for (const ShellText* one : groups[i]) texts.emplace_back(one->text);
                specs.push_back(bash(uses_extended_patterns(*groups[i][0]),
                                     {"-n", "-D", "-c", joined(texts, direction)}));
                parsed.push_back(i);
            }
            const auto results = sys::run_programs(specs, processors());
            for (std::size_t i = 0; i < parsed.size(); ++i)
                clean[parsed[i]] = results[i].succeeded() && results[i].error.empty() &&
                                   has_all_markers(results[i].output, groups[parsed[i]].size(), direction);
        }
        return clean;
    }

    void enter(const ShellText& text, const sys::ProgramResult& result) {
        const auto find = [&](int line, Severity severity, std::string what) {
            findings_.push_back({text.subject, text.file, line, severity, std::move(what)});
        };
        if (result.timed_out)
            find(0, Severity::warning,
                 fmt::format("is not checked: bash does not read it within {} s", patience.count()));
        else if (result.signal != 0)
            find(0, Severity::error,
                 fmt::format("bash ended by signal {} when it read this: make it simpler", result.signal));
        for (const ShellMessage& message : shell_messages(result.error))
            find(message.line, message.is_error ? Severity::error : Severity::warning,
                 fmt::format("bash: {}; mend what is there or just before", message.text));
    }

    std::vector<Finding>& findings_;
};

} // namespace

void check_shell_syntax(const std::vector<ShellText>& texts, CheckResult& result) {
    if (texts.empty()) return;
    if (!sys::find_program("bash", sys::usual_path)) {
        result.notes.emplace_back("bash is not installed, so the syntax of scripts and templates is not "
                                  "checked: install the package bash");
        return;
    }
    SyntaxCheck check{result.findings};
    std::vector<Group> groups;
    Group alone;
    for (const bool extended : {false, true}) {
        std::size_t bytes = longest_word; // begins a group
        for (const ShellText& one : texts) {
            if (uses_extended_patterns(one) != extended) continue;
            const std::size_t more = one.text.size() + 40; // with its marker
            if (has_to_be_alone(one.text) || more >= longest_word) {
                alone.push_back(&one);
                continue;
            }
            if (bytes + more >= longest_word || groups.back().size() >= most_together) {
                groups.emplace_back();
                bytes = 0;
            }
            bytes += more;
            groups.back().push_back(&one);
        }
    }
    check.check(std::move(groups));
    check.check_each(alone);
}

} // namespace disco::lint
