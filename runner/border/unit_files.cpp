#include "runner/border/unit_files.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

/// systemd.unit(5), UNIT FILE LOAD PATH; the first one that has a file of a name counts.
constexpr std::array directories = {
    "/etc/systemd/system.control",   "/run/systemd/system.control",  "/run/systemd/transient",
    "/run/systemd/generator.early",  "/etc/systemd/system",          "/etc/systemd/system.attached",
    "/run/systemd/system",           "/run/systemd/system.attached", "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/lib/systemd/system",          "/usr/lib/systemd/system",
    "/run/systemd/generator.late"};

/// "tty1" of "getty@tty1.service"; "" of what is no instance.
std::string instance_of(const std::string& unit) {
    const std::size_t at = unit.find('@'), dot = unit.rfind('.');
    return at == std::string::npos || dot == std::string::npos || dot < at
               ? ""
               : unit.substr(at + 1, dot - at - 1);
}

/// "getty@.service" of it; "" of what is no instance.
std::string template_of(const std::string& unit) {
    if (instance_of(unit).empty()) return {};
    return unit.substr(0, unit.find('@') + 1) + unit.substr(unit.rfind('.'));
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

struct Found {
    std::string path;
    struct stat status = {}; ///< of what it leads to
    std::string target{};    ///< of a symlink
};

/// Nothing: there is none. A symlink that leads nowhere is none either.
std::optional<Found> find(int root, const std::string& path) {
    const sys::UniqueFd file = sys::try_open_in_root(root, path, O_PATH);
    if (!file) return std::nullopt;
    Found found{path};
    if (::fstat(file.get(), &found.status) != 0) throw sys::SysError{errno, "look at", path};
    const sys::UniqueFd parent =
        sys::open_in_root(root, path.substr(0, path.rfind('/')), O_PATH | O_DIRECTORY);
    const auto own = sys::stat_at(parent.get(), base_name(path));
    if (own && S_ISLNK(own->st_mode)) found.target = sys::read_link_at(parent.get(), base_name(path));
    return found;
}

/// So much of one unit: a script chooses how many files there are, and how large they are.
constexpr std::size_t most_bytes = std::size_t{1} << 20, most_files = 1000;

/// The names in a directory that is there. Throws Error when there are more than anybody has.
std::vector<std::string> names_in(int root, const std::string& path) {
    std::vector<std::string> names;
    const sys::UniqueFd opened = sys::try_open_in_root(root, path, O_RDONLY | O_DIRECTORY);
    if (!opened) return names;
    std::size_t seen = 0;
    for (sys::DirectoryEntry& entry :
         sys::list_directory(opened.get(), path, [&](std::string_view) { return ++seen > most_files; }))
        names.push_back(std::move(entry.name));
    if (seen > most_files) throw sys::Error{fmt::format("'{}' holds too many files", path)};
    return names;
}

void add(int root, const Found& found, UnitFiles& files) {
    std::size_t left = most_bytes;
    for (const UnitFiles::File& file : files.files) left -= std::min(left, file.text.size());
    const sys::UniqueFd file = sys::try_open_regular_in_root(root, found.path);
    if (!file) throw sys::Error{fmt::format("'{}' is no regular file", sys::printable(found.path))};
    files.files.push_back(
        {found.path, sys::read_all(file.get(), found.path, left), (found.status.st_mode & S_IROTH) != 0});
}

bool is_empty(const Found& found) {
    return S_ISCHR(found.status.st_mode) || (S_ISREG(found.status.st_mode) && found.status.st_size == 0);
}

/// The file of a unit, or of its template.
std::optional<Found> find_fragment(int root, const std::string& unit) {
    for (const std::string& name : {unit, template_of(unit)}) {
        if (name.empty()) continue;
        for (const char* directory : directories)
            if (auto found = find(root, fmt::format("{}/{}", directory, name))) return found;
    }
    return std::nullopt;
}

/// The unit that an alias stands for; "" where it is none: a link of the same name leads out of the
/// directories.
std::string aliased(const std::string& unit, const Found& fragment) {
    if (fragment.target.empty() || is_empty(fragment)) return {};
    std::string other = base_name(fragment.target);
    if (other == unit || other == template_of(unit)) return {};
    if (const std::size_t at = other.find("@."); at != std::string::npos)
        other.insert(at + 1, instance_of(unit));
    return other;
}

/// Directories of drop-ins without their ".d": of the unit, its template, "a-.service" of "a-b.service", and
/// those of all units of its type.
std::vector<std::string> drop_in_names(const std::string& unit) {
    std::vector<std::string> names = {unit};
    if (std::string of = template_of(unit); !of.empty()) names.push_back(std::move(of));
    const std::size_t dot = unit.rfind('.');
    if (dot == std::string::npos) return names;
    constexpr std::ptrdiff_t most_dashes = 16; // each is some more look-ups
    if (std::count(unit.begin(), unit.end(), '-') > most_dashes)
        throw sys::Error{fmt::format("the name '{}' has too many dashes", unit)};
    for (std::size_t end = dot; end != 0;) {
        const std::size_t dash = unit.rfind('-', end - 1);
        if (dash == std::string::npos) break;
        if (dash + 1 != dot) names.push_back(unit.substr(0, dash + 1) + unit.substr(dot));
        end = dash;
    }
    names.push_back(unit.substr(dot + 1));
    return names;
}

/// In the order of their names; when several have the same name, the first counts.
void read_drop_ins(int root, const std::vector<std::string>& units, UnitFiles& files) {
    std::map<std::string, std::string> by_name;
    for (const std::string& unit : units)
        for (const std::string& name : drop_in_names(unit))
            for (const char* directory : directories) {
                const std::string path = fmt::format("{}/{}.d", directory, name);
                for (const std::string& file : names_in(root, path))
                    if (file.ends_with(".conf")) by_name.emplace(file, path + "/" + file);
            }
    for (const auto& [name, path] : by_name)
        if (const auto found = find(root, path); found && S_ISREG(found->status.st_mode))
            add(root, *found, files);
}

} // namespace

UnitFiles read_unit_files(int root, const std::string& unit) {
    UnitFiles files{.name = unit};
    std::vector<std::string> names = {unit};
    auto fragment = find_fragment(root, unit);
    constexpr std::size_t most_aliases = 8;
    while (fragment && names.size() < most_aliases) {
        const std::string other = aliased(files.name, *fragment);
        auto led = other.empty() ? std::nullopt : find_fragment(root, other);
        if (!led) break;
        files.name = other;
        names.push_back(other);
        fragment = std::move(led);
    }
    if (!fragment) {
        read_drop_ins(root, names, files);
        return files;
    }
    files.fragment = true;
    files.masked = is_empty(*fragment);
    if (files.masked)
        files.files.push_back({fragment->path, "", true});
    else
        add(root, *fragment, files);
    if (!files.masked) read_drop_ins(root, names, files);
    return files;
}

std::vector<std::string> wanted_by_links(int root, const std::string& unit) {
    std::vector<std::string> links;
    for (const char* directory : directories)
        for (const char* kind : {"wants", "requires"}) {
            const std::string path = fmt::format("{}/{}.{}", directory, unit, kind);
            for (const std::string& name : names_in(root, path)) links.push_back(path + "/" + name);
        }
    std::sort(links.begin(), links.end());
    return links;
}

std::string text_of(const UnitFiles& files) {
    if (files.masked) return fmt::format("# Unit {} is masked.\n", files.name);
    std::string text;
    for (const UnitFiles::File& file : files.files) {
        text += fmt::format("{}# {}\n{}", text.empty() ? "" : "\n", file.path, file.text);
        if (!text.ends_with('\n')) text += '\n';
    }
    return text;
}

std::vector<std::string> programs_of(const UnitFiles& files) {
    std::vector<std::string> programs;
    for (const UnitFiles::File& file : files.files)
        for (std::string_view line : sys::lines_of(file.text)) {
            const std::size_t equals = line.find('=');
            if (!line.starts_with("Exec") || equals == std::string_view::npos) continue;
            line.remove_prefix(equals + 1);
            line.remove_prefix(std::min(line.find_first_not_of(" \t@-:+!|\"'"), line.size()));
            const std::string program = base_name(std::string{line.substr(0, line.find_first_of(" \t\"'"))});
            if (!program.empty() && std::find(programs.begin(), programs.end(), program) == programs.end())
                programs.push_back(program);
        }
    return programs;
}

} // namespace disco::border
