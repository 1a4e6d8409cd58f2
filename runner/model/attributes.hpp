#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace disco::model {

/// A line of a module's `attributes` file: `0640 root:www-data etc/nginx/**`. `-` for MODE, OWNER or GROUP
/// keeps it.
struct AttributeRule {
    std::optional<mode_t> mode;
    std::optional<std::string> owner, group; ///< names or numbers
    std::string pattern; ///< relative to the root; `*` and `?` within a component, `**` across
    int line = 0;
};

/// Throws BadConfiguration with "FILE:LINE: …". Blank lines and `#` comments are skipped. Pure.
[[nodiscard]] std::vector<AttributeRule> parse_attributes(std::string_view text, std::string_view file);

/// Whether the glob covers the path ("etc/nginx/nginx.conf"). `**` matches any number of components, `[…]` as
/// in sh.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view path);

/// The rule for a path: the last one that matches wins as a whole; nothing when none does.
[[nodiscard]] const AttributeRule* attribute_rule(const std::vector<AttributeRule>& rules,
                                                  std::string_view path);

} // namespace disco::model
