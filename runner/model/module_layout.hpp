#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a module consists of, by the names of its files. Pure.
namespace disco::model {

enum class ModuleName {
    known,     ///< `files`, `requires` …
    hidden,    ///< what editors and version control leave: .git, requires~
    misspelt,  ///< nearly a known one: `script`, `Files`
    of_no_use, ///< for people: README.md
};

/// What an entry at the top of a module is by its name.
[[nodiscard]] ModuleName classify_module_name(std::string_view name);

/// The known name that a misspelt one stands for, as it is to be written: "scripts/"; empty for all others.
[[nodiscard]] std::string meant_module_name(std::string_view name);

/// The names that a module may consist of, without slashes.
[[nodiscard]] std::vector<std::string> known_module_names();

/// The same for people.
[[nodiscard]] std::string module_names();

/// Why nothing can be delivered to a path ("run/x"), and what to do instead; nothing when it can. What a
/// module puts there is discarded, or the kernel's.
[[nodiscard]] std::optional<std::string> objection_to_place(std::string_view path);

} // namespace disco::model
