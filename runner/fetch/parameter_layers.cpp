#include "runner/fetch/parameter_layers.hpp"

#include "runner/fetch/server_text.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/setting_lines.hpp"
#include "runner/sys/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::fetch {
namespace {

constexpr std::size_t deepest_inheritance = 64;

/// Whether `name` is a directory below `copy`; false when it is absent.
bool is_directory_beneath(const std::filesystem::path& copy, const std::string& name) {
    const sys::UniqueFd top = sys::open_directory(copy);
    try {
        const sys::UniqueFd fd = sys::try_open_beneath(top.get(), name, O_PATH | O_NOFOLLOW);
        struct stat status = {};
        if (!fd) return false;
        sys::check(::fstat(fd.get(), &status), "stat", copy / name);
        if (S_ISDIR(status.st_mode)) return true;
    } catch (const sys::SysError& error) {
        if (error.code() != ELOOP) throw;
    }
    throw sys::BadConfiguration{fmt::format(
        "parameters/{} on the server is not a directory; symbolic links are not followed, use 'inherits'",
        name)};
}

class Walk {
public:
    explicit Walk(const std::filesystem::path& copy) : copy_{copy} {}

    void visit(const std::string& name) {
        if (done_.contains(name)) return;
        if (const auto seen = std::find(chain_.begin(), chain_.end(), name); seen != chain_.end()) {
            std::vector<std::string> circle{seen, chain_.end()};
            circle.push_back(name);
            throw sys::BadConfiguration{fmt::format("parameters inherit one another in a cycle: {}",
                                                    fmt::join(circle, " inherits "))};
        }
        if (chain_.size() >= deepest_inheritance)
            throw sys::BadConfiguration{fmt::format("parameters inherit more than {} levels deep: {} …",
                                                    deepest_inheritance, fmt::join(chain_, " inherits "))};
        if (!is_directory_beneath(copy_, name)) {
            inheritance_.absent.emplace(name, chain_.empty() ? std::string{} : chain_.back());
            return;
        }
        chain_.push_back(name);
        const std::string file = fmt::format("parameters/{}/inherits", name);
        if (const auto text = read_server_text(copy_, std::filesystem::path{name} / "inherits", file))
            for (const std::string& inherited : parse_inherits(*text, file)) visit(inherited);
        chain_.pop_back();
        done_.insert(name);
        inheritance_.order.push_back(name);
    }
    [[nodiscard]] Inheritance take() { return std::move(inheritance_); }

private:
    const std::filesystem::path& copy_;
    std::vector<std::string> chain_; ///< from the node to the directory being visited
    std::set<std::string> done_;
    Inheritance inheritance_;
};

} // namespace

std::vector<std::string> parse_inherits(std::string_view text, std::string_view file) {
    std::vector<std::string> names;
    sys::read_setting_lines(text, file, [&](const sys::SettingLine& line) {
        const std::string_view name = sys::without_last_slashes(line.text);
        model::check_parameter_name(name);
        names.emplace_back(name);
    });
    return names;
}

Inheritance follow_inherits(const std::filesystem::path& copy, const std::string& node) {
    Walk walk{copy};
    walk.visit(node);
    return walk.take();
}

std::vector<ParameterLayer> read_layers(const std::filesystem::path& copy,
                                        const std::vector<std::string>& order) {
    std::vector<ParameterLayer> layers;
    for (const std::string& name : order) {
        ParameterLayer layer{name, read_parameter_tree(copy / name), fmt::format("parameters/{}", name)};
        layer.tree.erase("inherits");
        layers.push_back(std::move(layer));
    }
    return layers;
}

std::optional<std::string> refused_default(const ParameterTree& defaults) {
    auto file = defaults.find("disco"); // the tree that the others are in, which is listed, too
    if (file == defaults.end()) return std::nullopt;
    // The first file is what somebody has to remove.
    while (!file->second && std::next(file) != defaults.end() && std::next(file)->first.starts_with("disco/"))
        ++file;
    return file->first;
}

ParameterLayer read_defaults(const std::string& module, const std::filesystem::path& directory) {
    ParameterLayer layer{fmt::format("module {}", module), read_parameter_tree(directory / "parameters"),
                         fmt::format("modules/{}/parameters", module)};
    if (const auto name = refused_default(layer.tree))
        throw sys::BadConfiguration{
            fmt::format("modules/{}/parameters/{} is refused: {}", module, *name, why_refused)};
    return layer;
}

} // namespace disco::fetch
