#include "runner/report/text_changes.hpp"

#include "runner/report/diff_lines.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::report {
namespace {

using model::ChangeKind;
using model::ObjectType;

std::string shown(const std::optional<std::string>& name) { return sys::printable(name.value_or("")); }

std::string mode(const RecordedState& state) { return fmt::format("{:04o}", state.mode); }

std::string owners(const RecordedState& state) {
    return fmt::format("{}:{}", sys::printable(state.owner), sys::printable(state.group));
}

/// "root:root 0644  412 B" of a file; the target of a symlink.
std::string described_in_short(ObjectType type, const RecordedState& state) {
    std::string text = owners(state);
    if (type == ObjectType::symlink) return fmt::format("{} → {}", text, shown(state.target));
    text += " " + mode(state);
    if (type == ObjectType::file) return text + fmt::format("  {} B", state.size);
    text += fmt::format("  {}", model::to_string(type));
    if (state.rdev) text += " " + *state.rdev;
    return text;
}

/// With flags and the names of extended attributes: capabilities of a program and access lists are some.
std::string described(ObjectType type, const RecordedState& state) {
    std::string text = described_in_short(type, state);
    if (!state.flags.empty()) text += fmt::format(", flags {}", sys::printable(state.flags));
    if (state.xattrs.empty()) return text;
    text += ", xattrs";
    for (const auto& [name, value] : state.xattrs) text += " " + sys::printable(name);
    return text;
}

void note(std::vector<std::string>& notes, const char* what, const std::string& before,
          const std::string& after) {
    if (before != after) notes.push_back(fmt::format("{}{} → {}", what, before, after));
}

/// Names of the extended attributes that differ.
std::string changed_attributes(const RecordedState& before, const RecordedState& after) {
    const auto value_in = [](const RecordedState& state, const std::string& name) {
        const auto found = std::find_if(state.xattrs.begin(), state.xattrs.end(),
                                        [&](const auto& one) { return one.first == name; });
        return found == state.xattrs.end() ? nullptr : &found->second;
    };
    std::set<std::string> names;
    for (const auto& [name, value] : after.xattrs)
        if (const std::string* old = value_in(before, name); old == nullptr)
            names.insert("+" + sys::printable(name));
        else if (*old != value)
            names.insert("~" + sys::printable(name));
    for (const auto& [name, value] : before.xattrs)
        if (value_in(after, name) == nullptr) names.insert("-" + sys::printable(name));
    return names.empty() ? std::string{} : fmt::format("xattrs {}", fmt::join(names, " "));
}

/// What differs between two states of one object.
std::string differences(const RecordedState& before, const RecordedState& after, bool content) {
    std::vector<std::string> notes;
    if (content) {
        const auto size = [](const RecordedState& state) { return fmt::format("{} B", state.size); };
        if (before.sha256 != after.sha256) {
            if (before.size == after.size)
                notes.push_back("content, " + size(after));
            else
                note(notes, "", size(before), size(after));
        }
        note(notes, "target ", shown(before.target), shown(after.target));
        note(notes, "device ", before.rdev.value_or(""), after.rdev.value_or(""));
    }
    note(notes, "", mode(before), mode(after));
    note(notes, "", owners(before), owners(after));
    const auto or_none = [](const std::string& text) { return text.empty() ? std::string{"none"} : text; };
    note(notes, "flags ", or_none(sys::printable(before.flags)), or_none(sys::printable(after.flags)));
    note(notes, "link ", or_none(shown(before.linked_to)), or_none(shown(after.linked_to)));
    if (const std::string attributes = changed_attributes(before, after); !attributes.empty())
        notes.push_back(attributes);
    return fmt::format("{}", fmt::join(notes, ", "));
}

/// What became of the object.
struct Sign {
    std::string mark, said;
};

Sign sign(const RecordedChange& change, const Paint& paint) {
    const std::string type = model::to_string(change.type);
    switch (change.kind) {
    case ChangeKind::created: return {paint.green("+"), described(change.type, *change.after)};
    case ChangeKind::deleted: return {paint.red("-"), change.type == ObjectType::file ? "" : type};
    case ChangeKind::replaced:
        return {paint.yellow("±"), fmt::format("now {}: {}", type, described(change.type, *change.after))};
    case ChangeKind::modified:
    case ChangeKind::metadata: break;
    }
    return {paint.yellow("~"),
            differences(*change.before, *change.after, change.kind == ChangeKind::modified)};
}

std::string shown_diff(const std::string& diff, const Paint& paint) {
    std::string text;
    std::size_t number = 0;
    for (const std::string_view raw : sys::lines_of(diff)) {
        const std::string line = sys::printable_text(raw);
        text += "      ";
        switch (kind_of_line(line, ++number)) {
        case DiffLine::names: text += paint.bold(line); break;
        case DiffLine::added: text += paint.green(line); break;
        case DiffLine::removed: text += paint.red(line); break;
        case DiffLine::hunk: text += paint.cyan(line); break;
        case DiffLine::context: text += line; break;
        }
        text += '\n';
    }
    return text;
}

} // namespace

std::string in_ascii(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> likenesses = {
        {{"→", "->"}, {"…", "..."}, {"±", "*"}}};
    std::string out;
    while (!text.empty()) {
        const auto alike = std::find_if(likenesses.begin(), likenesses.end(),
                                        [&](const auto& one) { return text.starts_with(one.first); });
        const auto byte = static_cast<unsigned char>(text[0]);
        if (alike != likenesses.end())
            out += alike->second;
        else if (byte >= 0x80)
            out += fmt::format("\\{:03o}", byte);
        else
            out += text[0];
        text.remove_prefix(alike == likenesses.end() ? 1 : alike->first.size());
    }
    return out;
}

std::string change_in_words(const RecordedChange& change) { return sign(change, Paint{false}).said; }

std::string change_text(const RecordedChange& change, Detail detail, const Paint& paint) {
    const Sign seen = sign(change, paint);
    std::string said = seen.said;
    const auto add = [&](const char* more) {
        if (!said.empty()) said += ", ";
        said += more;
    };
    if (detail == Detail::stat && !change.diff.empty()) {
        if (const DiffSize lines = size_of_diff(change.diff); lines.counted)
            said = fmt::format("+{} -{}", lines.added, lines.removed);
        else
            add("lines not counted: too large");
    }
    if (change.binary) add("binary");
    if (change.redacted && change.diff.empty()) add("content not shown (not for all to read)");
    std::string text = fmt::format("    {} {}{}{}\n", seen.mark, sys::printable(change.path),
                                   said.empty() ? "" : "   ", said);
    if ((detail == Detail::diff || detail == Detail::verbose) && !change.diff.empty())
        text += shown_diff(change.diff, paint);
    return text;
}

} // namespace disco::report
