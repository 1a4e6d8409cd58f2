#pragma once

#include <filesystem>
#include <string>

// Programs as a tree has them, for those who do not run a module's own.
namespace disco::dance {

/// A command's path in the tree, looked up as execvp(3) does, with the PATH that it will see; a name with a
/// '/' is its own path. Throws BadConfiguration when the tree has none.
[[nodiscard]] std::string find_command(const std::string& name, const std::filesystem::path& root);

/// The shell of the tree's root (passwd(5)), or /bin/bash where that is none for people, or else /bin/sh.
/// Throws BadConfiguration when the tree has none of them.
[[nodiscard]] std::string find_shell(const std::filesystem::path& root);

/// The login shell of user 0 by the text of /etc/passwd; empty when it names none. Pure.
[[nodiscard]] std::string shell_of_root(std::string_view passwd);

} // namespace disco::dance
