#include "tests/support/processes.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include <unistd.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

constexpr int tries = 500;
constexpr useconds_t pause = 20'000;

std::string text_of(const fs::path& file) {
    try {
        return sys::read_file_if_exists(file).value_or("");
    } catch (const sys::SysError&) {
        return ""; // it ended between the opening and the reading
    }
}

/// proc_pid_stat(5): the process group is that of the terminal.
bool in_foreground(pid_t process) {
    const std::string text = text_of(fs::path{"/proc"} / std::to_string(process) / "stat");
    std::istringstream fields{text.substr(std::min(text.rfind(')') + 1, text.size()))};
    std::string state;
    int parent = 0, group = -1, session = 0, terminal = 0, foreground = 0;
    fields >> state >> parent >> group >> session >> terminal >> foreground;
    return !fields.fail() && group == foreground;
}

} // namespace

std::vector<pid_t> processes_with(const std::vector<std::string>& parts) {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        std::string words = text_of(entry.path() / "cmdline");
        std::replace(words.begin(), words.end(), '\0', ' ');
        if (std::all_of(parts.begin(), parts.end(),
                        [&](const std::string& part) { return words.find(part) != std::string::npos; }))
            found.push_back(std::stoi(name));
    }
    return found;
}

pid_t wait_for_process(const std::vector<std::string>& parts) {
    for (int i = 0; i < tries; ++i, ::usleep(pause))
        if (const auto found = processes_with(parts); !found.empty()) return found.front();
    return 0;
}

bool wait_for_foreground(pid_t process) {
    for (int i = 0; i < tries; ++i, ::usleep(pause))
        if (in_foreground(process)) return true;
    return false;
}

} // namespace disco::tests
