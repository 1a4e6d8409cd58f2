#pragma once

#include "runner/fetch/parameter_tree.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// From a copy of the server's parameters/ to the layers of a node.
namespace disco::fetch {

/// Lines of an `inherits` file: directories of parameters/; `#` comments, blank lines. Throws
/// BadConfiguration with "FILE:LINE: …". Pure.
[[nodiscard]] std::vector<std::string> parse_inherits(std::string_view text, std::string_view file);

struct Inheritance {
    std::vector<std::string>
        order; ///< weakest first: what a directory inherits, in order, then itself; each once
    std::map<std::string, std::string> absent; ///< directories that are not there → who inherits them
};

/// Follows the `inherits` files from `node` on, as far as `copy` (a directory like the server's parameters/)
/// holds them. A directory that is reached twice counts where it is weakest. Throws BadConfiguration on a
/// circle (naming its chain) and on what is no directory.
[[nodiscard]] Inheritance follow_inherits(const std::filesystem::path& copy, const std::string& node);

/// The layers of these directories; their `inherits` files are left out.
[[nodiscard]] std::vector<ParameterLayer> read_layers(const std::filesystem::path& copy,
                                                      const std::vector<std::string>& order);

/// The default that a module must not have, because the client's own settings are below disco/; nothing when
/// there is none. Pure.
[[nodiscard]] std::optional<std::string> refused_default(const ParameterTree& defaults);
inline constexpr std::string_view why_refused =
    "a module has no say in the client's settings, which are below disco/; they belong in the node's "
    "parameters, or are set on this machine with `disco param set`";

/// A module's defaults, from its parameters/. Throws BadConfiguration when they reach below disco/, where the
/// client's own settings are.
[[nodiscard]] ParameterLayer read_defaults(const std::string& module, const std::filesystem::path& directory);

} // namespace disco::fetch
