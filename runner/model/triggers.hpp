#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace disco::model {

/// A line of a module's `triggers` file: `etc/nginx/** etc/ssl/nginx.pem -> systemctl reload nginx`. When a
/// run changes what one of the globs matches, or what is below it, the command is an action of the run.
struct Trigger {
    std::vector<std::string>
        globs; ///< as in `attributes` (see glob_matches), with or without a leading slash
    std::vector<std::string> command; ///< its words
    int line = 0;
    bool operator==(const Trigger&) const = default;
};

/// Words are quoted as for a shell. Throws BadConfiguration with "FILE:LINE: …", of all bad lines. Pure.
[[nodiscard]] std::vector<Trigger> parse_triggers(std::string_view text, std::string_view file);

} // namespace disco::model
