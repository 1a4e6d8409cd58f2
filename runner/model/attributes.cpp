#include "runner/model/attributes.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/setting_lines.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <fnmatch.h>

#include <fmt/format.h>

namespace disco::model {
namespace {

constexpr std::string_view form =
    "`MODE OWNER:GROUP PATTERN`, as in `0640 root:www-data etc/nginx/**` (`-` keeps)";

AttributeRule parse_rule(const sys::SettingLine& line) {
    const auto fail = [&](std::string_view what) {
        return sys::BadConfiguration{fmt::format("{}; a line is {}", what, form)};
    };
    AttributeRule rule;
    rule.line = line.number;
    std::string_view pattern = line.text; // all that is behind the owners: a name may hold blanks
    const std::string_view mode = sys::take_word(pattern), owners = sys::take_word(pattern);
    if (pattern.empty()) throw fail("something is missing");
    if (mode != "-") {
        rule.mode = sys::octal_in<mode_t>(mode, 07777);
        if (!rule.mode) throw fail(fmt::format("'{}' is not an octal mode", sys::printable(mode)));
    }
    const std::size_t colon = owners.find(':');
    const std::string_view owner = owners.substr(0, colon);
    const std::string_view group =
        colon == std::string_view::npos ? std::string_view{} : owners.substr(colon + 1);
    if (colon == std::string_view::npos && owners != "-")
        throw fail(fmt::format("'{}' is not OWNER:GROUP", sys::printable(owners)));
    if (colon != std::string_view::npos && (owner.empty() || group.empty()))
        throw fail(fmt::format("'{}' lacks an owner or a group", sys::printable(owners)));
    if (owners != "-" && owner != "-") rule.owner = owner;
    if (owners != "-" && group != "-") rule.group = group;
    rule.of_directories = pattern.ends_with('/');
    while (pattern.ends_with('/')) pattern.remove_suffix(1);
    rule.pattern = pattern.starts_with('/') ? pattern.substr(1) : pattern;
    if (rule.pattern.empty()) throw fail("the pattern is empty");
    return rule;
}

} // namespace

std::vector<AttributeRule> parse_attributes(std::string_view text, std::string_view file) {
    std::vector<AttributeRule> rules;
    sys::read_setting_lines(text, file,
                            [&](const sys::SettingLine& line) { rules.push_back(parse_rule(line)); });
    return rules;
}

bool glob_matches(std::string_view pattern, std::string_view path) {
    if (pattern.empty()) return path.empty();
    std::string_view rest = pattern;
    const std::string component{sys::take_until(rest, '/')};
    if (component == "**") {
        if (rest.empty()) return true; // also nothing: etc/nginx/** covers etc/nginx itself
        for (;;) {
            if (glob_matches(rest, path)) return true;
            if (path.empty()) return false;
            sys::take_until(path, '/');
        }
    }
    if (path.empty()) return false;
    const std::string name{sys::take_until(path, '/')};
    return ::fnmatch(component.c_str(), name.c_str(), FNM_NOESCAPE) == 0 && glob_matches(rest, path);
}

bool speaks_of(const AttributeRule& rule, std::string_view path, AttributeSubject what) {
    return rule.of_directories == (what == AttributeSubject::directory) && glob_matches(rule.pattern, path);
}

const AttributeRule* attribute_rule(const std::vector<AttributeRule>& rules, std::string_view path,
                                    AttributeSubject what) {
    for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule)
        if (speaks_of(*rule, path, what)) return &*rule;
    return nullptr;
}

} // namespace disco::model
