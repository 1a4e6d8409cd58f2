#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace disco::policy {

/// What a profile says of one system call.
struct CallRule {
    enum class Kind {
        allow,  ///< goes through (some only with certain arguments, see seccomp_program.hpp)
        report, ///< shown in the report, and answered with `answer`
        refuse, ///< EPERM, silently
    };
    Kind kind = Kind::refuse;
    int answer = 0; ///< of report: an errno, or 0 for a pretended success
    bool operator==(const CallRule&) const = default;
};

/// How programs are confined, as policy/profiles/NAME.json says it. A call that has no rule gets ENOSYS.
struct ProfilePolicy {
    std::uint64_t capabilities = 0; ///< bit N is capability N (capabilities(7))
    std::map<std::string, CallRule, std::less<>> calls;
    bool operator==(const ProfilePolicy&) const = default;
};

/// Reads a profile:
///
///     { "inherits": "base", "capabilities": ["CHOWN KILL"],
///       "calls": { "allow": { "why": ["read write"] }, "refuse": { "why": ["bpf"] },
///                  "report": { "reboot": "EPERM", "mount": "success" } } }
///
/// A rule replaces the inherited one; capabilities replace the inherited ones. `read` gives the text and the
/// name for messages of a profile that is inherited; `known` says whether there is a call of that name on any
/// architecture. Throws BadConfiguration with file, line and key. Pure but for what `read` does.
struct ProfileText {
    std::string text;
    std::string file;
};
using ReadProfile = std::function<ProfileText(const std::string& name)>;
[[nodiscard]] ProfilePolicy parse_profile(const std::string& name, const ReadProfile& read,
                                          const std::function<bool(std::string_view)>& known);

/// "EPERM", or "success" for 0; the number when it has no name.
[[nodiscard]] std::string answer_name(int answer);

} // namespace disco::policy
