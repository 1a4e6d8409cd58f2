#include "runner/fetch/known_secrets.hpp"

#include "runner/fetch/module_store.hpp"
#include "runner/fetch/parameter_layers.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <set>

#include <sys/stat.h>

#include <spdlog/spdlog.h>

namespace disco::fetch {
namespace {

namespace fs = std::filesystem;

bool has_directory(const fs::path& path) {
    const auto status = sys::stat_path(path);
    return status && S_ISDIR(status->st_mode);
}

/// What a layer has below secrets/, under its full names.
ParameterTree secrets_in(const fs::path& directory) {
    ParameterTree secrets;
    const auto status = sys::stat_path(directory / "secrets");
    if (status && S_ISREG(status->st_mode))
        secrets.emplace("secrets", sys::read_file(directory / "secrets"));
    else
        for (auto& [name, value] : read_parameter_tree(directory / "secrets"))
            secrets.emplace("secrets/" + name, std::move(value));
    return secrets;
}

/// The directories of a node's layers, the weakest first.
std::vector<fs::path> layers_of(const fs::path& state, const std::string& node) {
    const ModuleStore store{state};
    std::vector<fs::path> layers;
    if (const auto record = store.record(node))
        for (const std::string& module : record->modules)
            layers.push_back(store.module(module) / "parameters");
    const fs::path copy = store.parameters(node);
    if (has_directory(copy))
        for (const std::string& name : follow_inherits(copy, node).order) layers.push_back(copy / name);
    layers.push_back(state / "parameters" / node);
    return layers;
}

void add_of_node(model::SecretMask& mask, const fs::path& state, const std::string& node,
                 Decryption& decryption) {
    ParameterTree effective;
    for (const fs::path& layer : layers_of(state, node))
        for (auto& [name, value] : secrets_in(layer)) {
            if (value && cipher_of(*value) == Cipher::none) mask.add(*value);
            effective.insert_or_assign(name, std::move(value));
        }
    for (const auto& [name, value] : effective)
        if (value) mask.add(decryption.plain(name, *value));
}

/// Those that were fetched, or for which something was set.
std::set<std::string> nodes_of(const fs::path& state) {
    std::set<std::string> nodes;
    for (const fs::path& directory : {ModuleStore{state}.parameters({}), state / "parameters"}) {
        const sys::UniqueFd fd = sys::try_open_real_directory(directory);
        if (!fd) continue;
        for (const sys::DirectoryEntry& entry : sys::list_directory(fd.get(), directory))
            if (!entry.name.starts_with(".")) nodes.insert(entry.name);
    }
    return nodes;
}

} // namespace

void add_secrets(model::SecretMask& mask, const ParameterTree& tree) {
    for (const auto& [name, value] : tree)
        if (value && model::is_secret_name(name)) mask.add(*value);
}

void add_known_secrets(model::SecretMask& mask, const fs::path& state, const std::string& node,
                       Decryption& decryption) {
    for (const std::string& other : nodes_of(state)) {
        if (other == node) continue;
        try {
            add_of_node(mask, state, other, decryption);
        } catch (const sys::BadConfiguration& error) {
            spdlog::debug("of node '{}' not all secrets are known: {}", other, error.full_text());
        }
    }
    add_of_node(mask, state, node, decryption);
}

} // namespace disco::fetch
