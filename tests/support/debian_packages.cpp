#include "tests/support/debian_packages.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"

#include <algorithm>
#include <deque>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

const fs::path info_directory = "/var/lib/dpkg/info";

/// "a (>= 1) | b:any, c" as {{"a", "b"}, {"c"}}.
std::vector<std::vector<std::string>> alternatives(const std::string& relation) {
    std::vector<std::vector<std::string>> all;
    std::istringstream parts{relation};
    for (std::string part; std::getline(parts, part, ',');) {
        std::istringstream choices{part};
        all.emplace_back();
        for (std::string choice; std::getline(choices, choice, '|');) {
            choice.erase(0, choice.find_first_not_of(" \n"));
            all.back().push_back(choice.substr(0, choice.find_first_of(" (:\n")));
        }
    }
    return all;
}

std::map<std::string, std::string> parse_fields(const std::string& text) {
    std::map<std::string, std::string> fields;
    std::istringstream lines{text};
    std::string name;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(' ')) {
            fields[name] += "\n" + line;
            continue;
        }
        const std::size_t colon = line.find(':');
        name = line.substr(0, colon);
        fields[name] = line.substr(std::min(line.size(), colon + 2));
    }
    return fields;
}

bool is_wanted(std::string_view path) {
    for (const char* left_out : {"doc", "man", "locale", "info", "lintian"})
        if (path.starts_with(fmt::format("usr/share/{}/", left_out))) return false;
    return true;
}

} // namespace

InstalledPackages::InstalledPackages() {
    const std::string status = sys::read_file("/var/lib/dpkg/status");
    for (std::size_t begin = 0; begin < status.size();) {
        const std::size_t end = std::min(status.size(), status.find("\n\n", begin));
        const std::string text = status.substr(begin, end - begin) + "\n";
        begin = end + 2;
        auto fields = parse_fields(text);
        const std::string name = fields["Package"];
        // Of a package for several architectures the first one counts.
        if (!fields["Status"].ends_with(" ok installed") || fields_.contains(name)) continue;
        for (const auto& choices : alternatives(fields["Provides"])) provided_by_.emplace(choices[0], name);
        fields_[name] = std::move(fields);
        texts_[name] = text;
    }
}

std::string InstalledPackages::provider(const std::string& name) const {
    if (has(name)) return name;
    const auto found = provided_by_.find(name);
    return found == provided_by_.end() ? "" : found->second;
}

std::set<std::string> InstalledPackages::with_dependencies(const std::set<std::string>& names) const {
    for (const std::string& name : names)
        if (!has(name)) throw sys::Error{fmt::format("package '{}' is not installed here", name)};
    std::set<std::string> found;
    std::deque<std::string> todo{names.begin(), names.end()};
    for (; !todo.empty(); todo.pop_front()) {
        const std::string name = todo.front();
        if (!found.insert(name).second) continue;
        for (const char* kind : {"Depends", "Pre-Depends"})
            for (const auto& choices : alternatives(field(name, kind)))
                for (const std::string& choice : choices)
                    if (const std::string package = provider(choice); !package.empty()) {
                        todo.push_back(package);
                        break;
                    }
    }
    return found;
}

std::set<std::string> InstalledPackages::essential() const {
    std::set<std::string> found;
    for (const auto& [name, fields] : fields_)
        if (field(name, "Essential") == "yes") found.insert(name);
    return found;
}

std::string InstalledPackages::field(const std::string& name, const std::string& field) const {
    const auto& fields = fields_.at(name);
    const auto found = fields.find(field);
    return found == fields.end() ? "" : found->second;
}

std::vector<std::string> InstalledPackages::objects(const std::string& name) const {
    std::vector<std::string> found;
    std::istringstream lines{sys::read_file(info(name).at("list"))};
    for (std::string line; std::getline(lines, line);) {
        const std::string path = line.substr(std::min<std::size_t>(line.size(), 1));
        if (path.empty() || path == "." || !is_wanted(path) || !fs::exists(fs::symlink_status(line)))
            continue;
        // Packages have a directory /bin, which is a symlink on a system with a merged /usr.
        if (path.find('/') == std::string::npos && fs::is_symlink(line)) continue;
        found.push_back(path);
    }
    return found;
}

std::map<std::string, fs::path> InstalledPackages::info(const std::string& name) const {
    std::map<std::string, fs::path> found;
    for (const std::string& prefix : {name, fmt::format("{}:{}", name, field(name, "Architecture"))})
        for (const char* kind : {"list", "conffiles", "preinst", "postinst", "prerm", "postrm", "triggers",
                                 "config", "templates", "shlibs", "symbols", "md5sums"})
            if (const fs::path file = info_directory / fmt::format("{}.{}", prefix, kind); fs::exists(file))
                found.emplace(kind, file);
    return found;
}

void copy_objects(const std::vector<std::string>& objects, const fs::path& target) {
    std::string names;
    for (const std::string& object : objects) names.append(object).push_back('\0');
    const auto copied = sys::run_program(
        {.argv = {"bash", "-c",
                  "set -o pipefail; tar --create --directory=/ --no-recursion --null --files-from=- | "
                  "tar --extract --directory=\"$1\" --preserve-permissions --keep-directory-symlink",
                  "copy", target},
         .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"},
         .input = std::move(names),
         .timeout = std::chrono::minutes{2}});
    if (!copied.succeeded()) throw sys::Error{"cannot copy files of packages: " + copied.error};
}

} // namespace disco::tests
