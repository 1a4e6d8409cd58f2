#include "runner/fetch/parameter_store.hpp"

#include "runner/fetch/decryption.hpp"
#include "runner/fetch/parameter_layers.hpp"
#include "runner/fetch/server_text.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/model/requirements.hpp"
#include "runner/model/run_order.hpp"
#include "runner/model/secret_mask.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <set>
#include <variant>

#include <unistd.h>

#include <fmt/format.h>

namespace disco::fetch {
namespace {

/// "a/b/c" → "a", "a/b"
std::vector<std::string> ancestors(std::string_view name) {
    std::vector<std::string> result;
    for (std::size_t slash = name.find('/'); slash != std::string_view::npos;
         slash = name.find('/', slash + 1))
        result.emplace_back(name.substr(0, slash));
    return result;
}

bool has_members(const ParameterTree& tree, std::string_view name) {
    const std::string prefix = std::string{name} + "/";
    const auto next = tree.lower_bound(prefix);
    return next != tree.end() && next->first.starts_with(prefix);
}

std::string shown_value(std::string_view name, const std::optional<std::string>& value, Secrets secrets) {
    if (!value) return "{}";
    if (secrets == Secrets::masked && model::is_secret_name(name) && !value->empty())
        return std::string{model::SecretMask::in_place};
    if (model::is_secret_name(name) && cipher_of(*value) != Cipher::none) return "(encrypted)";
    std::string_view rest = *value;
    if (rest.ends_with('\n')) rest.remove_suffix(1);
    std::string text;
    for (const char c : rest) {
        if (c == '\n')
            text += "\\n";
        else
            text += c;
    }
    return text;
}

/// The modules of the store that these parameters ask for, in the order of a dance, or by name where they
/// cannot be ordered. Those that are not there are left out.
std::vector<std::string> stored_modules(const ModuleStore& store, const ParameterTree& parameters) {
    std::set<std::string> wanted;
    for (const std::string& name : parameter_members(parameters, "modules")) wanted.insert(name);
    model::RequirementTable table;
    std::vector<std::string> pending{wanted.begin(), wanted.end()};
    std::set<std::string> seen = wanted;
    while (!pending.empty()) {
        const std::string name = std::move(pending.back());
        pending.pop_back();
        model::check_component_name(name, "module");
        const auto status = sys::stat_path(store.module(name));
        if (!status || !S_ISDIR(status->st_mode)) continue;
        const std::string file = fmt::format("modules/{}/requires", name);
        const std::string text = read_server_text(store.module(name), "requires", file).value_or("");
        auto requirements = model::parse_requirements(text, file);
        for (const auto* names : {&requirements.after, &requirements.before})
            for (const std::string& needed : *names)
                if (seen.insert(needed).second) pending.push_back(needed);
        table.emplace(name, std::move(requirements));
    }
    std::set<std::string> present;
    for (auto& [name, requirements] : table) {
        present.insert(name);
        for (auto* names : {&requirements.after, &requirements.before})
            std::erase_if(*names, [&](const std::string& needed) { return !table.contains(needed); });
    }
    const auto order = model::order_modules(present, table);
    if (const auto* modules = std::get_if<model::RunOrder>(&order)) return modules->modules;
    return {present.begin(), present.end()}; // a circle: the next dance reports it
}

} // namespace

std::string dump_parameters(const ParameterTree& tree, Secrets secrets) {
    std::string text;
    for (const auto& [name, value] : tree)
        text += fmt::format("{} = {}\n", name, shown_value(name, value, secrets));
    return text;
}

void set_in_tree(ParameterTree& tree, std::string_view name, const std::optional<std::string>& value) {
    model::check_parameter_name(name);
    for (const std::string& ancestor : ancestors(name))
        if (const auto found = tree.find(ancestor); found != tree.end() && found->second)
            throw sys::BadConfiguration{
                fmt::format("cannot set '{}': '{}' is a value, not a tree; delete it first", name, ancestor)};
    const auto found = tree.find(name);
    const bool is_tree = (found != tree.end() && !found->second) || has_members(tree, name);
    if (value && is_tree)
        throw sys::BadConfiguration{fmt::format(
            "cannot set '{}' to a value: it is a tree; delete it first (delete -r {})", name, name)};
    if (!value && found != tree.end() && found->second)
        throw sys::BadConfiguration{
            fmt::format("cannot make '{}' a tree: it is a value; delete it first (delete {})", name, name)};
    for (const std::string& ancestor : ancestors(name)) tree[ancestor] = std::nullopt;
    tree[std::string{name}] = value;
}

ParameterStore::ParameterStore(const std::filesystem::path& state, std::string node)
    : store_{state}, parameters_{state / "parameters"}, node_{std::move(node)} {
    model::check_component_name(node_, "node");
    tree_ = parameters_ / node_;
}

ParameterLayer ParameterStore::local() const { return {"local", read_parameter_tree(tree_), tree_.string()}; }

std::vector<ParameterLayer> ParameterStore::node_layers() const {
    std::vector<ParameterLayer> layers;
    const auto copy = store_.parameters(node_);
    if (const auto status = sys::stat_path(copy); status && S_ISDIR(status->st_mode))
        layers = read_layers(copy, follow_inherits(copy, node_).order);
    layers.push_back(local());
    return layers;
}

std::vector<ParameterLayer> ParameterStore::layers() const { return with_modules(node_layers()); }

std::vector<ParameterLayer> ParameterStore::with_modules(std::vector<ParameterLayer> of_node) const {
    std::vector<ParameterLayer> all;
    for (const std::string& module : stored_modules(store_, merge_layers(of_node)))
        all.push_back({fmt::format("module {}", module),
                       read_parameter_tree(store_.module(module) / "parameters"),
                       fmt::format("modules/{}/parameters", module)});
    std::move(of_node.begin(), of_node.end(), std::back_inserter(all));
    return all;
}

ParameterTree ParameterStore::effective() const { return merge_layers(layers()); }

std::string ParameterStore::without_node(std::string_view name) const {
    const bool qualified =
        name.starts_with(node_) && (name.size() == node_.size() || name[node_.size()] == '/');
    if (!qualified || effective().contains(node_)) return std::string{name};
    return std::string{name.substr(std::min(node_.size() + 1, name.size()))};
}

bool ParameterStore::has(std::string_view name) const {
    model::check_parameter_name(name);
    return effective().contains(name);
}

std::optional<std::string> ParameterStore::get(std::string_view name) const {
    model::check_parameter_name(name);
    const ParameterTree tree = effective();
    const auto found = tree.find(name);
    if (found == tree.end()) return std::nullopt;
    if (!found->second)
        throw sys::BadConfiguration{fmt::format("parameter '{}' is a tree, not a value", name)};
    return found->second;
}

void ParameterStore::set(std::string_view name, std::string_view value) {
    apply({{std::string{name}, std::string{value}}});
}

void ParameterStore::set_tree(std::string_view name) { apply({{std::string{name}, std::nullopt}}); }

void ParameterStore::set_lines(std::string_view text) {
    ParameterTree tree = local().tree;
    std::vector<Setting> settings;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = sys::trimmed_left(sys::take_line(text));
        if (line.empty() || line.front() == '#') continue;
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos)
            throw sys::BadConfiguration{// without the line, which may be part of a secret
                                        fmt::format("line {} is not KEY=VALUE; nothing was changed", number)};
        Setting setting{std::string{sys::trimmed_right(line.substr(0, equals))}, std::nullopt};
        const std::string_view value = sys::trimmed_left(line.substr(equals + 1));
        if (value != "{}") setting.value = std::string{value};
        if (const std::string fault = model::parameter_name_fault(setting.name); !fault.empty())
            throw sys::BadConfiguration{
                fmt::format("line {}: bad parameter name: {}; nothing was changed", number, fault)};
        try {
            set_in_tree(tree, setting.name, setting.value);
        } catch (const sys::BadConfiguration& error) {
            throw sys::BadConfiguration{
                fmt::format("line {}: {}; nothing was changed", number, error.what())};
        }
        settings.push_back(std::move(setting));
    }
    apply(settings);
}

/// A value over a tree of another layer, or a tree over a value, would fail the next dance.
void ParameterStore::refuse_clash(const ParameterTree& local) const {
    std::vector<ParameterLayer> of_node;
    try {
        (void)effective();
        of_node = node_layers();
    } catch (const sys::BadConfiguration&) {
        return; // of the last fetch, and it may be mended there by now
    }
    of_node.back().tree = local; // which may ask for other modules
    (void)merge_layers(with_modules(std::move(of_node)));
}

void ParameterStore::apply(const std::vector<Setting>& settings) const {
    ParameterTree tree = local().tree;
    for (const Setting& setting : settings) {
        set_in_tree(tree, setting.name, setting.value);
        if (setting.value && model::is_secret_name(setting.name))
            refuse_short_secret(setting.name, *setting.value);
    }
    refuse_clash(tree);
    // Above the nodes' trees, under a name no node can have: whoever reads a tree never meets a half-written
    // value.
    const std::filesystem::path aside = parameters_ / fmt::format(".set.{}", ::getpid());
    for (const auto& directory : {parameters_.parent_path(), parameters_, tree_})
        sys::make_directories(directory, 0700);
    for (const Setting& setting : settings) {
        const std::filesystem::path target = tree_ / setting.name;
        sys::make_directories(setting.value ? target.parent_path() : target, 0700);
        if (!setting.value) continue;
        sys::write_file_atomically(aside, *setting.value, 0600);
        sys::check(::rename(aside.c_str(), target.c_str()), "set the parameter", target);
    }
}

void ParameterStore::erase(std::string_view name, Erase extent) {
    model::check_parameter_name(name);
    const ParameterTree tree = local().tree;
    const auto found = tree.find(name);
    if (found == tree.end()) {
        const bool elsewhere = effective().contains(name);
        throw sys::BadConfiguration{
            fmt::format("cannot delete '{}': {}", name,
                        elsewhere ? "it comes from the server; it can be overridden here, but not deleted"
                                  : "there is no such parameter")};
    }
    if (extent == Erase::one && !found->second && has_members(tree, name))
        throw sys::BadConfiguration{fmt::format(
            "cannot delete '{}': it is a tree that is not empty; use delete -r to delete all of it", name)};
    const std::filesystem::path target = tree_ / name;
    if (found->second || !has_members(tree, name)) {
        sys::remove_tree(target);
        return;
    }
    // At one stroke, however large the tree is.
    const sys::OwnedDirectory bin{parameters_, ".deleted."};
    sys::check(::rename(target.c_str(), (bin.path() / "tree").c_str()), "delete the parameters", target);
}

std::vector<std::string> ParameterStore::keys(std::string_view name) const {
    if (!name.empty()) model::check_parameter_name(name);
    const ParameterTree tree = effective();
    if (const auto found = tree.find(name); !name.empty() && (found == tree.end() || found->second))
        throw sys::BadConfiguration{fmt::format(
            "parameter '{}' {}", name, found == tree.end() ? "does not exist" : "is a value, not a tree")};
    return parameter_members(tree, name);
}

ParameterTree ParameterStore::part(std::string_view name) const {
    ParameterTree tree = effective();
    if (name.empty()) return tree;
    model::check_parameter_name(name);
    const std::string prefix = std::string{name} + "/";
    std::erase_if(tree,
                  [&](const auto& entry) { return entry.first != name && !entry.first.starts_with(prefix); });
    if (tree.empty()) throw sys::BadConfiguration{fmt::format("parameter '{}' does not exist", name)};
    return tree;
}

std::string ParameterStore::explain(std::string_view name, Secrets secrets) const {
    model::check_parameter_name(name);
    struct Line {
        std::string origin, text;
    };
    std::vector<Line> lines;
    constexpr std::size_t nobody = std::string::npos;
    std::size_t winner = nobody;
    for (const ParameterLayer& layer : layers()) {
        if (const auto found = layer.tree.find(name); found != layer.tree.end()) {
            winner = lines.size();
            lines.push_back(
                {layer.origin, fmt::format("{} = {}", name, shown_value(name, found->second, secrets))});
        }
        // A value further up is in the way of the tree that the name is in.
        for (const std::string& ancestor : ancestors(name)) {
            const auto value = layer.tree.find(ancestor);
            if (value == layer.tree.end() || !value->second || winner == nobody) continue;
            winner = nobody;
            lines.push_back(
                {layer.origin, fmt::format("{} = {} (no dance with both: {} needs a tree there)", ancestor,
                                           shown_value(ancestor, value->second, secrets), name)});
        }
    }
    if (lines.empty()) throw sys::BadConfiguration{fmt::format("no layer has the parameter '{}'", name)};
    std::size_t width = 0;
    for (const Line& line : lines) width = std::max(width, line.origin.size());
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i)
        text += fmt::format("{:<{}}  {}{}\n", lines[i].origin, width, lines[i].text,
                            winner == i ? "  <- wins" : "");
    return text;
}

} // namespace disco::fetch
