#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace disco::model {

/// A line of a module's `attributes` file: `0640 root:www-data etc/nginx/**`. `-` for MODE, OWNER or GROUP
/// keeps it. A pattern with a slash at its end (`0750 root:www-data etc/nginx/`) speaks of directories alone,
/// any other of none: they would lose the bits by which they are entered, also those that are other
/// packages'.
struct AttributeRule {
    std::optional<mode_t> mode;
    std::optional<std::string> owner, group; ///< names or numbers
    std::string pattern; ///< relative to the root, no slash at the end; `*`, `?` in a component, `**` across
    bool of_directories = false;
    int line = 0;
};

/// Throws BadConfiguration with "FILE:LINE: …", of all bad lines. Pure.
[[nodiscard]] std::vector<AttributeRule> parse_attributes(std::string_view text, std::string_view file);

/// Whether the glob covers the path ("etc/nginx/nginx.conf"). `**` matches any number of components, `[…]` as
/// in sh.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view path);

enum class AttributeSubject { file, directory };

/// Whether the rule is one for the path, be it overruled by a later one.
[[nodiscard]] bool speaks_of(const AttributeRule& rule, std::string_view path, AttributeSubject what);

/// The rule for a path: the last one that matches wins as a whole; nothing when none does.
[[nodiscard]] const AttributeRule* attribute_rule(const std::vector<AttributeRule>& rules,
                                                  std::string_view path, AttributeSubject what);

} // namespace disco::model
