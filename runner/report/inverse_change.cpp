#include "runner/report/inverse_change.hpp"

#include "runner/report/json_values.hpp"
#include "runner/report/short_change.hpp"

#include <nlohmann/json.hpp>

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
struct Changed {
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
    Changed changed;
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

InverseChange inverse_change(std::string_view change) {
    nlohmann::json value = nlohmann::json::parse(change);
    std::swap(value.at("before"), value.at("after"));
    auto& kind = value.at("kind");
    if (kind == "created")
        kind = "deleted";
    else if (kind == "deleted")
        kind = "created";
    if (auto& diff = value.at("diff"); diff.is_string()) diff = inverse_diff(diff.get<std::string>());
    InverseChange inverse;
    inverse.path = bytes_of_name(value.at("path").get_ref<const std::string&>());
    using Kind = model::ChangeKind;
    for (const Kind one : {Kind::created, Kind::modified, Kind::deleted, Kind::metadata, Kind::replaced})
        if (kind == model::to_string(one)) inverse.kind = one;
    inverse.type = value.value("type", "");
    inverse.json = value.dump();
    inverse.in_short = short_change(value);
    return inverse;
}

} // namespace disco::report
