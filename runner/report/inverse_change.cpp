#include "runner/report/inverse_change.hpp"

#include <algorithm>
#include <utility>

namespace disco::report {
namespace {

/// "@@ -1,2 +3 @@ rest" → "@@ -3 +1,2 @@ rest".
std::string inverse_range(std::string_view line) {
    const std::size_t minus = line.find('-'), plus = line.find(" +"), end = line.find(" @@", plus);
    if (minus == std::string_view::npos || plus == std::string_view::npos || end == std::string_view::npos)
        return std::string{line}; // "@@ too large to show …"
    return "@@ -" + std::string{line.substr(plus + 2, end - plus - 2)} + " +" +
           std::string{line.substr(minus + 1, plus - minus - 1)} + std::string{line.substr(end)};
}

std::string other_name(std::string_view name) {
    if (name.starts_with("a/")) return "b" + std::string{name.substr(1)};
    if (name.starts_with("b/")) return "a" + std::string{name.substr(1)};
    return std::string{name};
}

/// Collects one run of changed lines: in a diff what goes comes before what comes.
struct ChangedLines {
    std::string gone, come;
    bool last_is_gone = false;
    void flush(std::string& out) {
        out += gone + come;
        gone.clear();
        come.clear();
    }
};

} // namespace

std::string inverse_diff(std::string_view diff) {
    std::string out, old_name;
    ChangedLines changed;
    bool in_hunk = false;
    while (!diff.empty()) {
        const std::size_t end = std::min(diff.find('\n'), diff.size() - 1) + 1;
        const std::string_view line = diff.substr(0, end);
        diff.remove_prefix(end);
        if (!in_hunk && line.starts_with("--- ")) {
            old_name = line.substr(4);
        } else if (!in_hunk && line.starts_with("+++ ")) {
            out += "--- " + other_name(line.substr(4)) + "+++ " + other_name(old_name);
        } else if (line.starts_with("@@")) {
            changed.flush(out);
            in_hunk = true;
            out += inverse_range(line);
        } else if (line.starts_with('-')) {
            changed.come += "+" + std::string{line.substr(1)};
            changed.last_is_gone = false;
        } else if (line.starts_with('+')) {
            changed.gone += "-" + std::string{line.substr(1)};
            changed.last_is_gone = true;
        } else if (line.starts_with('\\')) { // "\ No newline at end of file" belongs to the line before it
            (changed.gone.empty() && changed.come.empty() ? out
             : changed.last_is_gone                       ? changed.gone
                                                          : changed.come) += line;
        } else {
            changed.flush(out);
            out += line;
        }
    }
    changed.flush(out);
    return out;
}

RecordedChange inverse_change(RecordedChange change) {
    using Kind = model::ChangeKind;
    std::swap(change.before, change.after);
    if (change.kind == Kind::created)
        change.kind = Kind::deleted;
    else if (change.kind == Kind::deleted)
        change.kind = Kind::created;
    change.diff = inverse_diff(change.diff);
    return change;
}

} // namespace disco::report
