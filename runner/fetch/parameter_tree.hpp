#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::fetch {

/// Parameters by full name ("packages/present/vim"); a tree has no value. Sorted by name.
using ParameterTree = std::map<std::string, std::optional<std::string>, std::less<>>;

/// Bytes of a value at most.
inline constexpr std::size_t longest_value = std::size_t{16} << 20;

/// Reads a directory: file = value, directory = tree. An absent directory is an empty tree. Throws
/// BadConfiguration for a name outside the rules (model/parameter_name.hpp) or an object that is neither file
/// nor directory.
[[nodiscard]] ParameterTree read_parameter_tree(const std::filesystem::path& directory);

/// Writes the tree below `directory` (made, mode 0700, files 0600), which must not hold anything yet.
void write_parameter_tree(const std::filesystem::path& directory, const ParameterTree& tree);

/// A named layer of parameters: "module nginx", "roles/web", "web1", "local".
struct ParameterLayer {
    std::string origin;
    ParameterTree tree;
    std::string place{}; ///< the directory, for messages: "parameters/roles/web"; empty: the origin serves
};

/// Weakest first: the strongest value counts, trees are united. Throws BadConfiguration when a name is a
/// value in one layer and a tree in another: whoever wrote the one does not know of the other, and would lose
/// it. Pure.
[[nodiscard]] ParameterTree merge_layers(const std::vector<ParameterLayer>& layers);

/// The value without one trailing newline; nothing for a tree or an absent name.
[[nodiscard]] std::optional<std::string> parameter_value(const ParameterTree& tree, std::string_view name);

/// Names of the direct members of a tree, sorted ("modules" → "nginx", "base").
[[nodiscard]] std::vector<std::string> parameter_members(const ParameterTree& tree, std::string_view name);

} // namespace disco::fetch
