#include "runner/model/sysctl_file.hpp"

#include <algorithm>

namespace disco::model {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

} // namespace

std::optional<std::vector<std::string>> files_loaded_by_sysctl(const std::vector<std::string>& argv) {
    if (argv.empty() || std::string_view{argv[0]}.substr(argv[0].rfind('/') + 1) != "sysctl")
        return std::nullopt;
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
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line = trimmed(line);
        if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
        if (line.starts_with('-')) line.remove_prefix(1); // an error does not count
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos || line.find_first_of("*?[") < equals) return std::nullopt;
        const std::string_view name = trimmed(line.substr(0, equals)),
                               value = trimmed(line.substr(equals + 1));
        if (name.empty() || value.empty()) return std::nullopt;
        assignments.push_back(std::string{name} + "=" + std::string{value});
    }
    return assignments;
}

} // namespace disco::model
