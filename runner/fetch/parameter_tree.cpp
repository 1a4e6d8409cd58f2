#include "runner/fetch/parameter_tree.hpp"

#include "runner/model/parameter_name.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/path_length.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/tree_walk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <set>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::fetch {
namespace {

std::string read_value(int directory, const std::string& name, const std::string& shown) {
    // O_NONBLOCK: a FIFO must be refused, not waited for.
    const sys::UniqueFd fd = sys::open_beneath(directory, name, O_RDONLY | O_NONBLOCK);
    struct stat status = {};
    sys::check(::fstat(fd.get(), &status), "stat", shown);
    if (!S_ISREG(status.st_mode))
        throw sys::BadConfiguration{fmt::format("parameter '{}' is neither a file nor a directory", shown)};
    return sys::read_all(fd.get(), shown, longest_value);
}

void read_into(ParameterTree& tree, sys::UniqueFd top, const std::filesystem::path& shown) {
    sys::TreeWalk walk{std::move(top), shown};
    while (walk.next()) {
        if (!walk.found()) continue;
        const std::string& name = walk.path();
        sys::check_path_length(shown.native(), name);
        model::check_parameter_name(name);
        if (walk.type() == DT_REG) {
            tree[name] = read_value(walk.directory(), walk.name(), name);
        } else if (walk.type() == DT_DIR) {
            tree[name] = std::nullopt;
            walk.enter();
        } else {
            throw sys::BadConfiguration{fmt::format(
                "parameter '{}' is neither a file nor a directory; symbolic links are not followed", name)};
        }
    }
}

/// "a/b/c" → "a/b"; empty for a name without '/'.
std::string_view parent_of(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : name.substr(0, slash);
}

/// Lays layers over one another, and remembers of each name the strongest layer that has it as what it is.
class LayerStack {
public:
    /// `layer` must outlive it.
    void lay(const ParameterLayer& layer) {
        for (const auto& [name, value] : layer.tree) {
            // What leads to a name is a tree, whether the layer lists it or not.
            for (std::string_view parent = parent_of(name); !parent.empty(); parent = parent_of(parent))
                put(parent, std::nullopt, {&layer, &name});
            put(name, value, {&layer, &name});
        }
    }
    ParameterTree take() {
        if (!clashes_.empty()) throw sys::BadConfiguration{fmt::format("{}", fmt::join(clashes_, "; "))};
        return std::move(result_);
    }

private:
    /// Where it comes from that a name is what it is.
    struct Source {
        const ParameterLayer* layer;
        const std::string* file; ///< the name itself, or one below it
        [[nodiscard]] std::string text() const {
            return fmt::format("{}/{}", layer->place.empty() ? layer->origin : layer->place, *file);
        }
    };

    void put(std::string_view name, const std::optional<std::string>& value, const Source& source) {
        const auto [found, is_new] = result_.try_emplace(std::string{name}, value);
        if (!is_new && found->second.has_value() != value.has_value()) {
            note_clash(found->first, value ? "tree" : "value", value ? "value" : "tree", source);
            return;
        }
        found->second = value;
        if (value || is_new) sources_.insert_or_assign(found->first, source);
    }

    void note_clash(const std::string& name, const char* was, const char* is, const Source& source) {
        constexpr std::size_t most = 10;
        if (!clashing_.insert(name).second || clashes_.size() >= most) return;
        clashes_.push_back(fmt::format(
            "parameter '{}' is a {} in '{}' and a {} in '{}': it cannot be both, so rename or delete one",
            name, was, sources_.at(name).text(), is, source.text()));
    }

    ParameterTree result_;
    std::map<std::string, Source> sources_;
    std::set<std::string> clashing_;
    std::vector<std::string> clashes_;
};

} // namespace

ParameterTree read_parameter_tree(const std::filesystem::path& directory) {
    ParameterTree tree;
    sys::UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd) {
        const int code = errno;
        if (code == ENOENT) return tree;
        if (code != ENOTDIR && code != ELOOP) throw sys::SysError{code, "open directory", directory};
        throw sys::BadConfiguration{
            fmt::format("'{}' should be a directory of parameters, but it is none; symbolic "
                        "links are not followed",
                        sys::printable(directory.string()))};
    }
    sys::while_doing(fmt::format("reading the parameters in '{}'", sys::printable(directory.string())),
                     [&] { read_into(tree, std::move(fd), directory); });
    return tree;
}

void write_parameter_tree(const std::filesystem::path& directory, const ParameterTree& tree) {
    sys::make_directories(directory, 0700);
    const sys::UniqueFd top = sys::open_directory(directory);
    if (!sys::list_directory(top.get(), directory).empty())
        throw sys::Error{fmt::format("cannot write parameters to '{}': it is not empty", directory.string())};
    for (const auto& [name, value] : tree) {
        model::check_parameter_name(name);
        if (!value) {
            sys::make_directories(directory / name, 0700);
            continue;
        }
        if (const std::string_view parent = parent_of(name); !parent.empty())
            sys::make_directories(directory / parent, 0700);
        const sys::UniqueFd file = sys::open_beneath(top.get(), name, O_WRONLY | O_CREAT | O_EXCL, 0600);
        sys::check(::fchmod(file.get(), 0600), "set the mode of", directory / name);
        sys::write_all(file.get(), *value, directory / name);
    }
}

ParameterTree merge_layers(const std::vector<ParameterLayer>& layers) {
    LayerStack laying;
    for (const ParameterLayer& layer : layers) laying.lay(layer);
    return laying.take();
}

std::optional<std::string> parameter_value(const ParameterTree& tree, std::string_view name) {
    const auto found = tree.find(name);
    if (found == tree.end() || !found->second) return std::nullopt;
    std::string value = *found->second;
    if (value.ends_with('\n')) value.pop_back();
    return value;
}

std::vector<std::string> parameter_members(const ParameterTree& tree, std::string_view name) {
    const std::string prefix = name.empty() ? std::string{} : std::string{name} + "/";
    std::vector<std::string> members;
    for (auto at = tree.lower_bound(prefix); at != tree.end() && at->first.starts_with(prefix); ++at) {
        const std::string_view rest = std::string_view{at->first}.substr(prefix.size());
        const std::string_view member = rest.substr(0, rest.find('/'));
        // "a-b" sorts between "a" and "a/c", so a member can come up again later; see below.
        if (members.empty() || members.back() != member) members.emplace_back(member);
    }
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
    return members;
}

} // namespace disco::fetch
