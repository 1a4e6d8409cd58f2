#include "runner/dance/tree_commands.hpp"

#include "policy/command_directory.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::dance {
namespace {

/// As seen from inside the tree.
bool is_program(int tree, const std::string& path) {
    const auto file = sys::try_open_in_root(tree, path, O_PATH);
    struct stat status = {};
    return file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_mode & 0111) != 0;
}

bool is_for_people(const std::string& shell) {
    constexpr std::array<std::string_view, 4> refusals = {"nologin", "false", "true", "sync"};
    return std::find(refusals.begin(), refusals.end(),
                     std::string_view{shell}.substr(shell.rfind('/') + 1)) == refusals.end();
}

} // namespace

std::string find_command(const std::string& name, const std::filesystem::path& root) {
    if (name.find('/') != std::string::npos) return name;
    const sys::UniqueFd tree = sys::open_directory(root);
    for (const char* directory : policy::command_directories)
        if (std::string candidate = fmt::format("{}/{}", directory, name); is_program(tree.get(), candidate))
            return candidate;
    throw sys::BadConfiguration{
        fmt::format("there is no command '{}' in '{}'", sys::printable(name), root.string())};
}

std::string shell_of_root(std::string_view passwd) {
    for (std::string_view line : sys::lines_of(passwd)) {
        std::array<std::string_view, 7> fields; // name, password, uid, gid, comment, home, shell
        for (std::string_view& field : fields) field = sys::take_until(line, ':');
        if (fields[2] == "0") return std::string{fields[6]};
    }
    return {};
}

std::string find_shell(const std::filesystem::path& root) {
    const sys::UniqueFd tree = sys::open_directory(root);
    const sys::UniqueFd passwd = sys::try_open_in_root(tree.get(), "/etc/passwd", O_RDONLY | O_NONBLOCK);
    const std::string own =
        passwd ? shell_of_root(sys::read_all(passwd.get(), "/etc/passwd")) : std::string{};
    for (const std::string& shell : {own, std::string{"/bin/bash"}, std::string{"/bin/sh"}})
        if (shell.starts_with('/') && is_for_people(shell) && is_program(tree.get(), shell)) return shell;
    throw sys::BadConfiguration{
        fmt::format("there is no shell in '{}': no /bin/bash and no /bin/sh", root.string())};
}

} // namespace disco::dance
