#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace disco::tests {

/// A command that a document shows, and the output that it shows below it.
struct ShownCommand {
    std::string text;                ///< one or more lines
    std::vector<std::string> output; ///< a line `…` stands for any lines, also none
    int line = 0;                    ///< where the command is in the document, from 1
};

/// All commands in the blocks of a Markdown text that are marked `console`, in order. There a command begins
/// with `# `, root's prompt, and its further lines with `> `, as in bash; all else is output. Throws
/// sys::Error for output that no command is above.
[[nodiscard]] std::vector<ShownCommand> shown_commands(std::string_view markdown);

/// Compares the outputs that one document shows with those of its commands, in order. How long something took
/// is not compared. Names of runs differ from those in the document, but the same name has to mean the same
/// run throughout.
class ShownOutputs {
public:
    /// A command as it is run: with the names that its runs got instead of those in the document.
    [[nodiscard]] std::string as_run(std::string command) const;
    /// Empty when what was printed is what is shown; else both, as compared.
    [[nodiscard]] std::string difference(const std::vector<std::string>& shown, std::string_view printed);

private:
    std::map<std::string, std::string> runs_; ///< name in the document → name of the run
};

} // namespace disco::tests
