#pragma once

#include "policy/guard_parser.hpp"

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace disco::policy {

/// Where in the shipped files each command's grammar stands. It is made when disco is built, once they have
/// been checked, so that a run reads the few grammars that it asks, and no file to find them.
class GuardIndex {
public:
    /// As print_guard_index() has written it. `file` is for messages. Throws sys::Error.
    GuardIndex(std::string text, const std::string& file);

    [[nodiscard]] std::set<std::string, std::less<>> names() const;
    /// The grammar of a command that it has, out of a file in `directory`. Throws BadConfiguration when that
    /// is another file than it was; SysError.
    [[nodiscard]] GuardText read(std::string_view command, const std::filesystem::path& directory) const;

private:
    struct Entry {
        std::string_view name, file; ///< of text_
        std::size_t file_size, offset, size, first_line;
    };
    std::string text_;
    std::vector<Entry> entries_; ///< by name
};

/// The index of these files, under their names without directories. Throws BadConfiguration for a file that
/// adds a single form to a grammar from elsewhere: such a file cannot be read in parts. Pure.
[[nodiscard]] std::string print_guard_index(const std::vector<GuardText>& files);

} // namespace disco::policy
