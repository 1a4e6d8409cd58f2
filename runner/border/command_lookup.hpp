#pragma once

#include "runner/border/called_commands.hpp"
#include "runner/border/plain_files.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace disco::border {

/// Whether the policy guards a command of this name.
using IsGuarded = std::function<bool(std::string_view name)>;

/// A file that gives who executes it the rights of its owner or of its group; in a sandbox it gives none.
struct SetIdFile {
    std::string path;
    uid_t owner = 0;
    gid_t group = 0;
    bool user_bit = false, group_bit = false;
};

/// The guarded command that an exec of `path` would run: a guarded name in a directory of commands, met at
/// the path itself, at a symbolic link on its way, or as the interpreter of a script. Nothing when the path
/// leads to none, to no file, or to one that nobody may execute; the kernel then answers as it always does.
///
/// `root`: of the sandbox (O_PATH), in which `path`, absolute, is looked up step by step as execve(2) does.
/// No program is started and nothing is changed; a file that scripts chose is only opened when it is regular.
/// Throws SysError when the machine lacks descriptors or memory. `set_id`: filled in where the path leads to
/// such a file. `plain`: what need not be opened to see that it is no script.
[[nodiscard]] std::optional<CalledCommand> look_up_command(int root, std::string path,
                                                           const IsGuarded& is_guarded, PlainFiles& plain,
                                                           std::optional<SetIdFile>* set_id = nullptr);

} // namespace disco::border
