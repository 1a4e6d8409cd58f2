#include "policy/guard_form_parser.hpp"
#include "policy/guard_parser.hpp"
#include "policy/guard_subjects.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::policy {
namespace {

/// The name of a unit with its type, ".service" if it has none. It may be a pattern.
std::string with_type(const std::string& pattern) {
    std::string plain = pattern; // full_unit_name() leaves patterns as they are
    for (char& c : plain)
        if (c == '*' || c == '?' || c == '[') c = 'x';
    return model::full_unit_name(plain) == plain ? pattern : pattern + ".service";
}

GuardUnits units_of(const GuardLine& line) {
    const auto end = std::find(line.words.begin(), line.words.end(), "=>");
    GuardUnits units;
    units.place = line.place;
    std::transform(std::next(line.words.begin()), end, std::back_inserter(units.patterns), with_type);
    if (units.patterns.empty() || std::distance(end, line.words.end()) < 3 || *std::next(end) != "changes")
        object_to(line.place, "it is written 'units UNIT… => changes SUBJECT…'");
    units.subjects.assign(std::next(end, 2), line.words.end());
    for (const std::string& name : units.subjects)
        if (!is_subject(name))
            object_to(line.place, fmt::format("'{}' is no subject; there are {}", sys::printable(name),
                                              fmt::join(subject_names(), ", ")));
    return units;
}

/// Most files have none of these lines: the others are not taken apart for them.
bool has_units(std::string_view text) {
    for (std::size_t at = text.find("units"); at != std::string_view::npos; at = text.find("units", at + 1)) {
        const std::size_t before = text.find_last_not_of(" \t", at == 0 ? 0 : at - 1);
        if (at == 0 || before == std::string_view::npos || text[before] == '\n') return true;
    }
    return false;
}

} // namespace

std::vector<GuardUnits> parse_guard_units(const std::vector<GuardText>& files) {
    std::vector<GuardUnits> all;
    for (const GuardText& file : files) {
        if (!has_units(file.text)) continue;
        std::vector<GuardLine> lines;
        bool inside = false;
        for (GuardLine& line : split_lines(file)) {
            if (line.words[0] == "=>" && inside) {
                lines.back().words.insert(lines.back().words.end(), line.words.begin(), line.words.end());
                continue;
            }
            inside = line.words[0] == "units";
            if (inside) lines.push_back(std::move(line));
        }
        std::transform(lines.begin(), lines.end(), std::back_inserter(all), units_of);
    }
    return all;
}

} // namespace disco::policy
