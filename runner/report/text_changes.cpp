#include "runner/report/text_changes.hpp"

#include "runner/model/large_diff.hpp"
#include "runner/report/json_values.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace disco::report {
namespace {

using nlohmann::json;

std::string text_of(const json& value) { return value.is_null() ? std::string{} : value.get<std::string>(); }

std::string name_of(const json& value) {
    return value.is_null() ? std::string{} : shown_name(value.get_ref<const std::string&>());
}

std::string owners(const json& state) {
    return fmt::format("{}:{}", sys::printable(text_of(state.at("owner"))),
                       sys::printable(text_of(state.at("group"))));
}

/// "root:root 0644  412 B" of a file; the target of a symlink.
std::string described(const std::string& type, const json& state) {
    std::string text = owners(state);
    if (type == "symlink") return fmt::format("{} → {}", text, name_of(state.at("target")));
    text += " " + text_of(state.at("mode"));
    if (type == "file") return text + fmt::format("  {} B", state.at("size").get<std::uint64_t>());
    text += "  " + type;
    if (!state.at("rdev").is_null()) text += " " + text_of(state.at("rdev"));
    return text;
}

void note(std::vector<std::string>& notes, const char* what, const std::string& before,
          const std::string& after) {
    if (before != after) notes.push_back(fmt::format("{}{} → {}", what, before, after));
}

/// Names of the extended attributes that differ.
std::string changed_attributes(const json& before, const json& after) {
    std::set<std::string> names;
    for (const auto& [name, value] : after.items())
        if (!before.contains(name))
            names.insert("+" + shown_name(name));
        else if (before.at(name) != value)
            names.insert("~" + shown_name(name));
    for (const auto& [name, value] : before.items())
        if (!after.contains(name)) names.insert("-" + shown_name(name));
    return names.empty() ? std::string{} : fmt::format("xattrs {}", fmt::join(names, " "));
}

/// What differs between two states of one object.
std::string differences(const json& before, const json& after, bool content) {
    std::vector<std::string> notes;
    if (content) {
        const auto size = [](const json& state) {
            return fmt::format("{} B", state.at("size").get<std::uint64_t>());
        };
        if (before.at("sha256") != after.at("sha256")) {
            if (before.at("size") == after.at("size"))
                notes.push_back("content, " + size(after));
            else
                note(notes, "", size(before), size(after));
        }
        note(notes, "target ", name_of(before.at("target")), name_of(after.at("target")));
        note(notes, "device ", text_of(before.at("rdev")), text_of(after.at("rdev")));
    }
    note(notes, "", text_of(before.at("mode")), text_of(after.at("mode")));
    note(notes, "", owners(before), owners(after));
    // Reports of earlier versions have no such members.
    const auto none_or = [](const json& state, const char* name) {
        const std::string text = name_of(state.value(name, json{}));
        return text.empty() ? std::string{"none"} : text;
    };
    note(notes, "flags ", none_or(before, "flags"), none_or(after, "flags"));
    note(notes, "link ", none_or(before, "linked_to"), none_or(after, "linked_to"));
    if (const std::string attributes = changed_attributes(before.at("xattrs"), after.at("xattrs"));
        !attributes.empty())
        notes.push_back(attributes);
    return fmt::format("{}", fmt::join(notes, ", "));
}

struct LineCounts {
    std::size_t added = 0, removed = 0;
};

/// Nothing when the diff only says that there is too much to show.
std::optional<LineCounts> count_lines(const std::string& diff) {
    LineCounts counts;
    std::size_t number = 0;
    bool shown = true;
    for (const std::string_view line : sys::lines_of(diff)) {
        if (++number <= 2) continue; // the names
        if (line.starts_with(model::large_diff)) shown = false;
        if (line.starts_with('+')) ++counts.added;
        if (line.starts_with('-')) ++counts.removed;
    }
    return shown ? std::optional{counts} : std::nullopt;
}

std::string shown_diff(const std::string& diff, const Paint& paint) {
    std::string text;
    std::size_t number = 0;
    for (const std::string_view raw : sys::lines_of(diff)) {
        const std::string line = sys::printable_text(raw);
        text += "      ";
        if (++number <= 2)
            text += paint.bold(line);
        else if (line.starts_with('+'))
            text += paint.green(line);
        else if (line.starts_with('-'))
            text += paint.red(line);
        else if (line.starts_with("@@"))
            text += paint.cyan(line);
        else
            text += line;
        text += '\n';
    }
    return text;
}

} // namespace

std::string change_text(std::string_view source, Detail detail, const Paint& paint) {
    const json change = json::parse(source);
    const std::string kind = change.at("kind"), type = change.at("type"), path = name_of(change.at("path"));
    const json &before = change.at("before"), &after = change.at("after");
    const std::string diff = text_of(change.at("diff"));
    const bool redacted = change.at("redacted"), binary = change.at("binary");
    std::string mark, said;
    if (kind == "created")
        mark = paint.green("+"), said = described(type, after);
    else if (kind == "deleted")
        mark = paint.red("-"), said = type == "file" ? "" : type;
    else if (kind == "replaced")
        mark = paint.yellow("±"), said = fmt::format("now {}: {}", type, described(type, after));
    else
        mark = paint.yellow("~"), said = differences(before, after, kind == "modified");
    if (detail == Detail::stat && !diff.empty()) {
        if (const auto lines = count_lines(diff))
            said = fmt::format("+{} -{}", lines->added, lines->removed);
        else
            said += said.empty() ? "lines not counted: too large" : ", lines not counted: too large";
    }
    if (binary) said += said.empty() ? "binary" : ", binary";
    if (redacted)
        said += said.empty() ? "content not shown (not for all to read)"
                             : ", content not shown (not for all to read)";
    std::string text = fmt::format("    {} {}{}{}\n", mark, path, said.empty() ? "" : "   ", said);
    if ((detail == Detail::diff || detail == Detail::verbose) && !diff.empty())
        text += shown_diff(diff, paint);
    return text;
}

} // namespace disco::report
