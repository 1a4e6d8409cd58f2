#include "runner/model/attributes.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <charconv>

#include <fnmatch.h>

#include <fmt/format.h>

namespace disco::model {
namespace {

constexpr std::string_view form =
    "`MODE OWNER:GROUP PATTERN`, as in `0640 root:www-data etc/nginx/**` (`-` keeps)";

std::string_view take_word(std::string_view& line) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    line.remove_prefix(begin);
    const std::size_t end = line.find_first_of(" \t");
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end);
    return word;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

AttributeRule parse_rule(std::string_view line, std::string_view file, int number) {
    const auto fail = [&](std::string_view what) {
        return sys::BadConfiguration{fmt::format("{}:{}: {}; a line is {}", file, number, what, form)};
    };
    AttributeRule rule;
    rule.line = number;
    const std::string_view mode = take_word(line), owners = take_word(line), pattern = trimmed(line);
    if (pattern.empty()) throw fail("something is missing");
    if (mode != "-") {
        unsigned bits = 0;
        const auto [end, error] = std::from_chars(mode.data(), mode.data() + mode.size(), bits, 8);
        if (error != std::errc{} || end != mode.data() + mode.size() || bits > 07777)
            throw fail(fmt::format("'{}' is not an octal mode", sys::printable(mode)));
        rule.mode = bits;
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
    rule.pattern = pattern.starts_with('/') ? pattern.substr(1) : pattern;
    if (rule.pattern.empty()) throw fail("the pattern is empty");
    return rule;
}

std::string_view first_component(std::string_view& rest) {
    const std::size_t slash = rest.find('/');
    const std::string_view component = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    return component;
}

} // namespace

std::vector<AttributeRule> parse_attributes(std::string_view text, std::string_view file) {
    std::vector<AttributeRule> rules;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.empty() && line[0] != '#') rules.push_back(parse_rule(line, file, number));
    }
    return rules;
}

bool glob_matches(std::string_view pattern, std::string_view path) {
    if (pattern.empty()) return path.empty();
    std::string_view rest = pattern;
    const std::string component{first_component(rest)};
    if (component == "**") {
        if (rest.empty()) return true; // also nothing: etc/nginx/** covers etc/nginx itself
        for (;;) {
            if (glob_matches(rest, path)) return true;
            if (path.empty()) return false;
            first_component(path);
        }
    }
    if (path.empty()) return false;
    const std::string name{first_component(path)};
    return ::fnmatch(component.c_str(), name.c_str(), FNM_NOESCAPE) == 0 && glob_matches(rest, path);
}

const AttributeRule* attribute_rule(const std::vector<AttributeRule>& rules, std::string_view path) {
    for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule)
        if (glob_matches(rule->pattern, path)) return &*rule;
    return nullptr;
}

} // namespace disco::model
