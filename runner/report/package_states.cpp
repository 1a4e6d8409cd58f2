#include "runner/report/package_states.hpp"

#include "runner/sys/text_lines.hpp"

#include <algorithm>

namespace disco::report {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "Version: 1.2" → "1.2" when `name` is "Version"; nothing for another field.
bool take_field(std::string_view line, std::string_view name, std::string_view& value) {
    if (line.size() <= name.size() || !line.starts_with(name) || line[name.size()] != ':') return false;
    value = sys::trimmed(line.substr(name.size() + 1));
    return true;
}

/// One package's paragraph, while it is read.
struct Paragraph {
    std::string_view package, status, architecture, version, multi_arch;
    std::vector<std::pair<std::string_view, std::string_view>> conffiles; ///< path, MD5

    [[nodiscard]] bool is_installed() const {
        return !package.empty() && !version.empty() && !status.ends_with(" not-installed") &&
               !status.ends_with(" config-files");
    }
    [[nodiscard]] std::string name() const {
        return std::string{package} + (multi_arch == "same" ? ":" + std::string{architecture} : "");
    }
};

void note(const Paragraph& read, PackageStates& states) {
    if (!read.is_installed()) return;
    const std::string name = read.name();
    states.versions.insert_or_assign(name, read.version);
    for (const auto& [path, digest] : read.conffiles) {
        states.conffiles.insert_or_assign(std::string{path}, digest);
        states.owners.insert_or_assign(std::string{path}, name);
    }
}

/// How a character sorts in what is no number: '~' before the end, the end before letters, letters before
/// the rest.
int rank(std::string_view text, std::size_t at) {
    if (at >= text.size() || is_digit(text[at])) return 0;
    const char c = text[at];
    if (c == '~') return -1;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter ? c : c + 256;
}

std::string_view take_digits(std::string_view& text) {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end])) ++end;
    std::string_view digits = text.substr(0, end);
    text.remove_prefix(end);
    while (!digits.empty() && digits.front() == '0') digits.remove_prefix(1);
    return digits;
}

/// Of what has neither epoch nor revision: pieces that are no numbers and numbers in turn.
int compare_parts(std::string_view a, std::string_view b) {
    while (!a.empty() || !b.empty()) {
        while ((!a.empty() && !is_digit(a[0])) || (!b.empty() && !is_digit(b[0]))) {
            if (const int difference = rank(a, 0) - rank(b, 0); difference != 0) return difference;
            a.remove_prefix(std::min<std::size_t>(1, a.size()));
            b.remove_prefix(std::min<std::size_t>(1, b.size()));
        }
        const std::string_view left = take_digits(a), right = take_digits(b);
        if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
        if (const int difference = left.compare(right); difference != 0) return difference;
    }
    return 0;
}

std::string_view take_epoch(std::string_view& version) {
    const std::size_t colon = version.find(':');
    if (colon == std::string_view::npos) return {};
    const std::string_view epoch = version.substr(0, colon);
    version.remove_prefix(colon + 1);
    return epoch;
}

std::string_view take_revision(std::string_view& version) {
    const std::size_t dash = version.rfind('-');
    if (dash == std::string_view::npos) return {};
    const std::string_view revision = version.substr(dash + 1);
    version = version.substr(0, dash);
    return revision;
}

} // namespace

PackageStates read_package_states(std::string_view status) {
    PackageStates states;
    Paragraph read;
    bool in_conffiles = false;
    for (const std::string_view line : sys::lines_of(status)) {
        if (line.empty()) {
            note(read, states);
            read = {};
            continue;
        }
        if (line[0] == ' ') { // " PATH MD5", with " obsolete" or " newconffile" after it
            if (!in_conffiles) continue;
            const std::string_view entry = sys::trimmed(line);
            const std::size_t space = entry.find(' ');
            if (space == std::string_view::npos) continue;
            read.conffiles.emplace_back(entry.substr(0, space), entry.substr(space + 1, 32));
            continue;
        }
        in_conffiles = line.starts_with("Conffiles:");
        if (in_conffiles || take_field(line, "Package", read.package) ||
            take_field(line, "Status", read.status) || take_field(line, "Version", read.version) ||
            take_field(line, "Multi-Arch", read.multi_arch) ||
            take_field(line, "Architecture", read.architecture))
            continue;
    }
    note(read, states);
    return states;
}

std::vector<model::PackageChange> changed_packages(const PackageStates& before, const PackageStates& after) {
    std::vector<model::PackageChange> changes;
    for (const auto& [name, version] : after.versions) {
        const auto old = before.versions.find(name);
        if (old == before.versions.end())
            changes.push_back({name, {}, version});
        else if (old->second != version)
            changes.push_back({name, old->second, version});
    }
    for (const auto& [name, version] : before.versions)
        if (!after.versions.contains(name)) changes.push_back({name, version, {}});
    std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return changes;
}

int compare_versions(std::string_view a, std::string_view b) {
    if (const int difference = compare_parts(take_epoch(a), take_epoch(b)); difference != 0)
        return difference;
    const std::string_view left = take_revision(a), right = take_revision(b);
    if (const int difference = compare_parts(a, b); difference != 0) return difference;
    return compare_parts(left, right);
}

} // namespace disco::report
