#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace disco::policy {

/// What becomes of a guarded command, one that would act on the host.
enum class GuardKind {
    query,  ///< the broker runs it on the host, read-only, and hands the answer over
    action, ///< told in a no-op; queued in a live dance, and run after the merge
    refuse, ///< told, and fails
    run,    ///< runs in the sandbox like any other command
};
[[nodiscard]] const char* to_string(GuardKind kind); ///< "query", …

/// One line of policy/guarded.d:
///
///     KIND COMMAND [OPTION…] WORD…
///
/// WORD is a pattern (fnmatch(3)) for one argument, alternatives parted by '|'; `...` stands for any further
/// ones, `PATTERN...` for any that match, `!PATTERN...` for any that do not. With a list of options in
/// brackets, the command may have these (patterns, too) and no others, anywhere; `+OPTION` must be there.
/// Without one, options are not looked at. The first line that fits decides.
struct GuardRule {
    GuardKind kind = GuardKind::action;
    std::string command;
    bool limits_options = false;
    std::vector<std::string> options, required; ///< patterns
    std::vector<std::string> words;
    std::string place; ///< "FILE:LINE"
};

struct Classified {
    GuardKind kind = GuardKind::action;
    const GuardRule* rule = nullptr; ///< nothing: no line fits, so it is taken for an action
};

class GuardedCommands {
public:
    explicit GuardedCommands(std::vector<GuardRule> rules);

    [[nodiscard]] bool contains(std::string_view command) const { return names_.contains(command); }
    [[nodiscard]] const std::set<std::string, std::less<>>& names() const noexcept { return names_; }
    /// Commands for which some line says `run`: the sandbox needs the real ones, too.
    [[nodiscard]] std::set<std::string> runnable() const;
    [[nodiscard]] const std::vector<GuardRule>& rules() const noexcept { return rules_; }

    /// `argv[0]` may have a path. The command must be a guarded one.
    [[nodiscard]] Classified classify(const std::vector<std::string>& argv) const;

private:
    std::vector<GuardRule> rules_;
    std::set<std::string, std::less<>> names_;
};

/// Throws BadConfiguration with file and line. Pure.
[[nodiscard]] std::vector<GuardRule> parse_guard_rules(std::string_view text, std::string_view file);

/// LIB/guarded.d with the administrator's files in their places. Throws like it, and SysError.
[[nodiscard]] GuardedCommands load_guarded_commands(const std::filesystem::path& lib,
                                                    const std::filesystem::path& overrides);

} // namespace disco::policy
