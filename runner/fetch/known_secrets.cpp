#include "runner/fetch/known_secrets.hpp"

#include "runner/fetch/module_store.hpp"
#include "runner/fetch/parameter_layers.hpp"
#include "runner/model/value_list.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

namespace disco::fetch {
namespace {

namespace fs = std::filesystem;

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
    if (sys::is_directory(copy))
        for (const std::string& name : follow_inherits(copy, node).order) layers.push_back(copy / name);
    layers.push_back(state / "parameters" / node);
    return layers;
}

StoredSecrets add_of_node(model::SecretMask& mask, const fs::path& state, const std::string& node,
                          Decryption& decryption) {
    ParameterTree effective;
    StoredSecrets stored;
    for (const fs::path& layer : layers_of(state, node))
        for (auto& [name, value] : secrets_in(layer)) {
            if (value) stored.insert(*value);
            if (value && cipher_of(*value) == Cipher::none) mask.add(*value);
            effective.insert_or_assign(name, std::move(value));
        }
    for (const auto& [name, value] : effective)
        if (value) mask.add(decryption.plain(name, *value));
    return stored;
}

/// For what was once encrypted for this machine, the key may have gone.
template <class Add> void as_far_as_possible(const std::string& what, const Add& add) {
    try {
        add();
    } catch (const sys::BadConfiguration& error) {
        spdlog::debug("{} are not all known: {}", what, error.full_text());
    }
}

fs::path former_file(const fs::path& state) { return state / "former_secrets"; }

StoredSecrets former_secrets(const fs::path& state) {
    return model::values_in(sys::read_file_if_exists(former_file(state)).value_or(""));
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

StoredSecrets secrets_of(const std::vector<ParameterLayer>& layers) {
    StoredSecrets values;
    for (const ParameterLayer& layer : layers)
        for (const auto& [name, value] : layer.tree)
            if (value && model::is_secret_name(name)) values.insert(*value);
    return values;
}

StoredSecrets add_known_secrets(model::SecretMask& mask, const fs::path& state, const std::string& node,
                                Decryption& decryption) {
    for (const std::string& other : nodes_of(state))
        if (other != node)
            as_far_as_possible("secrets of node '" + other + "'",
                               [&] { add_of_node(mask, state, other, decryption); });
    for (const std::string& value : former_secrets(state))
        as_far_as_possible("former secrets", [&] { mask.add(decryption.plain("of a former fetch", value)); });
    return add_of_node(mask, state, node, decryption);
}

void keep_former_secrets(const fs::path& state, const StoredSecrets& before, const StoredSecrets& now) {
    StoredSecrets former = former_secrets(state);
    const std::size_t known = former.size();
    for (const std::string& value : before)
        if (!now.contains(value) && value.find('\0') == std::string::npos) former.insert(value);
    if (former.size() == known) return;
    sys::write_file_atomically(former_file(state), model::to_text(former), 0600);
}

void forget_former_secrets(const fs::path& state) {
    if (::unlink(former_file(state).c_str()) != 0 && errno != ENOENT)
        throw sys::SysError{errno, "remove", former_file(state)};
}

} // namespace disco::fetch
