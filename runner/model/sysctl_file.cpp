#include "runner/model/sysctl_file.hpp"

#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace disco::model {
namespace {

bool is_sysctl(const std::vector<std::string>& argv) {
    return !argv.empty() && std::string_view{argv[0]}.substr(argv[0].rfind('/') + 1) == "sysctl";
}

/// How it is done, and told.
bool is_harmless(std::string_view word) {
    constexpr std::array<std::string_view, 9> harmless = {"-w",       "--write", "-q",       "--quiet", "-e",
                                                          "--ignore", "-n",      "--values", "--"};
    return std::find(harmless.begin(), harmless.end(), word) != harmless.end();
}

} // namespace

std::optional<std::vector<std::string>> assigned_by_sysctl(const std::vector<std::string>& argv) {
    if (!is_sysctl(argv)) return std::nullopt;
    std::vector<std::string> assignments;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (is_harmless(argv[i])) continue;
        const std::size_t equals = argv[i].find('=');
        if (argv[i].starts_with('-') || equals == 0 || equals == std::string::npos) return std::nullopt;
        assignments.push_back(argv[i]);
    }
    if (assignments.empty()) return std::nullopt;
    return assignments;
}

bool loads_system_settings(const std::vector<std::string>& argv) {
    return is_sysctl(argv) && std::count(argv.begin(), argv.end(), "--system") != 0 &&
           std::all_of(argv.begin() + 1, argv.end(),
                       [](const std::string& word) { return word == "--system" || is_harmless(word); });
}

std::string sysctl_path(std::string_view key) {
    std::string path{key};
    const std::size_t first = path.find_first_of("./");
    if (first == std::string::npos || path[first] == '/') return path;
    std::transform(path.begin(), path.end(), path.begin(), [](char c) {
        return c == '.' ? '/' : c == '/' ? '.' : c;
    });
    return path;
}

std::vector<std::string> last_assignments(const std::vector<std::string>& assignments) {
    std::vector<std::string> kept;
    std::set<std::string, std::less<>> keys;
    for (auto one = assignments.rbegin(); one != assignments.rend(); ++one)
        if (keys.insert(sysctl_path(std::string_view{*one}.substr(0, one->find('=')))).second)
            kept.push_back(*one);
    std::reverse(kept.begin(), kept.end());
    return kept;
}

std::optional<std::vector<std::string>> files_loaded_by_sysctl(const std::vector<std::string>& argv) {
    if (!is_sysctl(argv)) return std::nullopt;
    std::vector<std::string> files;
    bool loads = false;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word == "-p" || word == "--load" || word == "-f")
            loads = true;
        else if (word.starts_with("--load=")) {
            loads = true;
            files.push_back(word.substr(7));
        } else if (word == "-q" || word == "--quiet" || word == "--")
            continue;
        else if (word.starts_with("-p") || word.starts_with("-f")) {
            loads = true;
            files.push_back(word.substr(2));
        } else if (word.starts_with('-'))
            return std::nullopt; // also "-", its standard input
        else
            files.push_back(word);
    }
    if (!loads || std::count(files.begin(), files.end(), "/dev/stdin") != 0) return std::nullopt;
    if (files.empty()) files.emplace_back("/etc/sysctl.conf");
    return files;
}

std::optional<std::vector<std::string>> assignments_of_sysctl_file(std::string_view text) {
    std::vector<std::string> assignments;
    while (!text.empty()) {
        std::string_view line = sys::trimmed(sys::take_line(text));
        if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
        if (line.starts_with('-')) line.remove_prefix(1); // an error does not count
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos || line.find_first_of("*?[") < equals) return std::nullopt;
        const std::string_view name = sys::trimmed(line.substr(0, equals)),
                               value = sys::trimmed(line.substr(equals + 1));
        if (name.empty() || value.empty()) return std::nullopt;
        assignments.push_back(std::string{name} + "=" + std::string{value});
    }
    return assignments;
}

} // namespace disco::model
