#pragma once

#include "runner/fetch/module_store.hpp"
#include "runner/fetch/parameter_tree.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::fetch {

enum class Erase { one, with_all_below };

/// What is shown of the values below secrets/.
enum class Secrets { masked, plain };

/// The parameters of a node as this machine knows them: what the last fetch brought, and over it the local
/// tree in STATE/parameters/NODE, which belongs to the administrator and is never touched by a fetch.
///
/// Names are checked (model/parameter_name.hpp); whatever is wrong with the request is BadConfiguration that
/// names it.
class ParameterStore {
public:
    ParameterStore(const std::filesystem::path& state, std::string node);

    /// Only the local tree; an empty one when nothing was set.
    [[nodiscard]] ParameterLayer local() const;
    /// Weakest first: `inherits`, the node's own, "local".
    [[nodiscard]] std::vector<ParameterLayer> node_layers() const;
    /// The same after the defaults of the node's modules, in their order.
    [[nodiscard]] std::vector<ParameterLayer> layers() const;
    [[nodiscard]] ParameterTree effective() const;

    /// NODE/KEY is the same as KEY, and NODE as the whole, unless there is a parameter of the node's own
    /// name.
    [[nodiscard]] std::string without_node(std::string_view name) const;
    /// A value or a tree.
    [[nodiscard]] bool has(std::string_view name) const;
    /// The value, byte by byte; nothing for an absent name. Throws when it is a tree.
    [[nodiscard]] std::optional<std::string> get(std::string_view name) const;

    /// Sets a value, byte by byte, atomically, with the trees that lead to it.
    void set(std::string_view name, std::string_view value);
    void set_tree(std::string_view name);
    /// Lines `KEY=VALUE`; blanks round the first `=` go, `{}` makes a tree, blank lines and `#` comments are
    /// skipped. When a line is bad the error has its number and nothing at all is changed.
    void set_lines(std::string_view text);
    /// Takes a name out of the local tree.
    void erase(std::string_view name, Erase extent);

    /// The members of a tree of the effective parameters, sorted; of the whole with an empty name. Throws
    /// when there is no such tree.
    [[nodiscard]] std::vector<std::string> keys(std::string_view name = {}) const;
    /// The effective parameters; with a name only that and what is below it.
    [[nodiscard]] ParameterTree part(std::string_view name = {}) const;
    /// One line for each layer that has the name or hides it, weakest first; the winner says so. Throws when
    /// no layer has it.
    [[nodiscard]] std::string explain(std::string_view name, Secrets secrets = Secrets::masked) const;

private:
    struct Setting {
        std::string name;
        std::optional<std::string> value; ///< nothing: a tree
    };
    void apply(const std::vector<Setting>& settings) const;
    void refuse_clash(const ParameterTree& local) const;
    [[nodiscard]] std::vector<ParameterLayer> with_modules(std::vector<ParameterLayer> of_node) const;

    ModuleStore store_;
    std::filesystem::path parameters_, tree_;
    std::string node_;
};

/// Lines `key = value`, sorted, without one trailing newline and with the others shown as \n; a tree as
/// `key = {}`. Pure.
[[nodiscard]] std::string dump_parameters(const ParameterTree& tree, Secrets secrets = Secrets::masked);

/// Checks what one more setting would do to a tree and does it: a value or a tree (no value) at `name`.
/// Throws BadConfiguration when a value stands in the way or a tree would be lost. Pure.
void set_in_tree(ParameterTree& tree, std::string_view name, const std::optional<std::string>& value);

} // namespace disco::fetch
