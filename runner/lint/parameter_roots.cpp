#include "runner/lint/parameter_roots.hpp"

#include "runner/fetch/parameter_layers.hpp"
#include "runner/fetch/server_text.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/model/secret_mask.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/setting_lines.hpp"
#include "runner/sys/text.hpp"
#include "runner/sys/tree_walk.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::lint {
namespace {

class RootsReader {
public:
    RootsReader(const std::filesystem::path& universe, std::vector<Finding>& findings)
        : parameters_{universe / "parameters"}, findings_{findings} {}

    ParameterRoots read() {
        if (!sys::stat_path(parameters_)) return {};
        // Each name of parameters/ is read once; roots are pieces of it.
        fetch::ParameterTree all = read_names(parameters_, "parameters", {}, findings_);
        find_roots(all);
        for (auto& [name, root] : found_.roots) {
            fill(name, root, all);
            check_secrets(root.tree, "parameters/" + name,
                          found_.nodes.contains(name) ? node_subject(name) : Subject{}, findings_);
        }
        check_inherits(all);
        return std::move(found_);
    }

private:
    /// Those directly in parameters/, those with an `inherits`, and those that one names.
    void find_roots(const fetch::ParameterTree& all) {
        std::set<std::string> inherited, tops;
        for (const auto& [name, value] : all) {
            const std::size_t slash = name.rfind('/');
            if (slash == std::string::npos && !value) tops.insert(name);
            if (slash == std::string::npos && value)
                find(name, 0, Severity::warning,
                     "is no directory, so it is no node; put it into the directory of one");
            if (slash != std::string::npos && name.substr(slash + 1) == "inherits" && value)
                read_inherits(name.substr(0, slash));
        }
        for (const auto& [name, root] : found_.roots)
            for (const std::string& one : root.inherits) inherited.insert(one);
        for (const std::string& name : inherited) found_.roots.try_emplace(name);
        for (const std::string& name : tops) {
            const bool is_inherited = std::any_of(inherited.begin(), inherited.end(), [&](const auto& one) {
                return sys::is_at_or_below(one, name);
            });
            const bool has_own = all.contains(name + "/modules") || all.contains(name + "/inherits");
            if (is_inherited || !has_own) continue;
            found_.nodes.insert(name);
            found_.roots.try_emplace(name);
        }
    }

    void read_inherits(const std::string& name) {
        ParameterRoot& root = found_.roots[name];
        const std::string file = fmt::format("parameters/{}/inherits", name);
        try {
            root.text = fetch::read_server_text(parameters_, std::filesystem::path{name} / "inherits", file)
                            .value_or("");
            root.inherits = fetch::parse_inherits(root.text, file);
        } catch (const sys::BadLines& error) {
            for (const sys::LineObjection& one : error.lines())
                find(name + "/inherits", one.line, Severity::error, one.text);
        } catch (const sys::Error& error) {
            find(name + "/inherits", 0, Severity::error, error.full_text());
        }
    }

    static void fill(const std::string& name, ParameterRoot& root, const fetch::ParameterTree& all) {
        const std::string before = name + "/";
        for (auto at = all.lower_bound(before); at != all.end() && at->first.starts_with(before); ++at)
            root.tree.emplace(at->first.substr(before.size()), at->second);
        root.tree.erase("inherits");
    }

    void check_inherits(const fetch::ParameterTree& all) {
        std::vector<std::string> directories;
        for (const auto& [name, value] : all)
            if (!value) directories.push_back(name);
        std::map<std::string, std::vector<std::string>> inherits;
        for (const auto& [name, root] : found_.roots) {
            for (const std::string& one : root.inherits) {
                if (const auto there = all.find(one); there != all.end() && !there->second) {
                    inherits[name].push_back(one);
                    continue;
                }
                find(name + "/inherits", line_of(root, one), Severity::error,
                     fmt::format("there is no directory 'parameters/{}'{}", one,
                                 remedy(one, directories, "make it, or take the line away")));
            }
        }
        for (const auto& circle : inheritance_circles(inherits))
            find(circle[0] + "/inherits", line_of(found_.roots.at(circle[0]), circle[1]), Severity::error,
                 fmt::format("parameters inherit one another in a cycle: {}; take one of these lines away",
                             fmt::join(circle, " inherits ")));
    }

    /// A line may have a slash at the end of its name.
    static int line_of(const ParameterRoot& root, const std::string& name) {
        for (const std::string& written : {name, name + "/"})
            if (const int line = line_naming(root.text, written); line != 0) return line;
        return 0;
    }

    void find(const std::string& file, int line, Severity severity, std::string text) {
        const std::string top = file.substr(0, file.find('/'));
        findings_.push_back({found_.nodes.contains(top) ? node_subject(top) : Subject{},
                             "parameters/" + sys::printable(file), line, severity, std::move(text)});
    }

    std::filesystem::path parameters_;
    std::vector<Finding>& findings_;
    ParameterRoots found_;
};

/// What may be a secret is looked at (check_secrets), if it can be too short for one; of others it counts
/// that there is a value.
std::string value_to_check(const sys::TreeWalk& walk, const struct stat& status) {
    constexpr off_t longest_short = 1024;
    const std::string path = "/" + walk.path();
    if (path.find("/secrets/") == std::string::npos || status.st_size > longest_short) return "";
    const sys::UniqueFd fd = sys::open_beneath(walk.directory(), walk.name(), O_RDONLY | O_NONBLOCK);
    return sys::read_all(fd.get(), walk.path(), fetch::longest_value);
}

} // namespace

void check_secrets(const fetch::ParameterTree& tree, const std::string& shown, const Subject& subject,
                   std::vector<Finding>& findings) {
    for (const auto& [name, value] : tree)
        if (value && model::is_secret_name(name) && !model::SecretMask::can_mask(*value))
            findings.push_back({subject, fmt::format("{}/{}", shown, name), 0, Severity::error,
                                fmt::format("no line of this secret has {} characters, or it has a NUL, so "
                                            "it cannot be masked; make "
                                            "it longer, or move it out of secrets/ if it is none",
                                            model::SecretMask::shortest)});
}

fetch::ParameterTree read_names(const std::filesystem::path& directory, const std::string& shown,
                                const Subject& subject, std::vector<Finding>& findings) {
    fetch::ParameterTree tree;
    const auto find = [&](const std::string& name, std::string text, Severity severity = Severity::error) {
        findings.push_back({subject, name.empty() ? shown : fmt::format("{}/{}", shown, sys::printable(name)),
                            0, severity, std::move(text)});
    };
    const auto not_checked = [&](const std::string& name, const sys::Error& error) {
        find(name, in_words_not_checked(error), Severity::warning);
    };
    try {
        if (!sys::stat_path(directory)) return tree;
        sys::UniqueFd top = sys::is_directory(directory) ? sys::open_directory(directory) : sys::UniqueFd{};
        if (!top) {
            find("", "should be a directory of parameters; symbolic links are not followed");
            return tree;
        }
        sys::TreeWalk walk{std::move(top), directory.string()};
        while (walk.next()) {
            if (!walk.found()) continue;
            try {
                model::check_parameter_name(walk.path());
            } catch (const sys::BadConfiguration& error) {
                find(walk.path(), fmt::format("{}; rename it", error.full_text()));
                continue;
            }
            if (walk.type() == DT_DIR) {
                tree[walk.path()] = std::nullopt;
                try {
                    walk.enter();
                } catch (const sys::Error& error) { // the walk goes on beside it
                    not_checked(walk.path(), error);
                }
                continue;
            }
            const auto status = sys::stat_at(walk.directory(), walk.name());
            if (!status || !S_ISREG(status->st_mode))
                find(walk.path(), "is neither a file nor a directory; symbolic links are not followed");
            else if (static_cast<std::size_t>(status->st_size) > fetch::longest_value)
                find(walk.path(), fmt::format("is too large for a value: it holds {} bytes, and may hold {}",
                                              status->st_size, fetch::longest_value));
            else
                try {
                    tree[walk.path()] = value_to_check(walk, *status);
                } catch (const sys::Error& error) {
                    tree[walk.path()] = "";
                    not_checked(walk.path(), error);
                }
        }
    } catch (const sys::Error& error) {
        not_checked("", error);
    }
    return tree;
}

ParameterRoots read_parameter_roots(const std::filesystem::path& universe, std::vector<Finding>& findings) {
    return RootsReader{universe, findings}.read();
}

std::vector<std::vector<std::string>>
inheritance_circles(const std::map<std::string, std::vector<std::string>>& inherits) {
    std::vector<std::vector<std::string>> circles;
    std::set<std::string> done;
    std::vector<std::string> chain;
    constexpr std::size_t deepest = 1000; // a run refuses chains of more than 64
    const std::function<void(const std::string&)> visit = [&](const std::string& name) {
        if (const auto seen = std::find(chain.begin(), chain.end(), name); seen != chain.end()) {
            std::vector<std::string> circle{seen, chain.end()};
            std::rotate(circle.begin(), std::min_element(circle.begin(), circle.end()), circle.end());
            circle.push_back(circle.front());
            circles.push_back(std::move(circle));
            return;
        }
        const auto found = inherits.find(name);
        if (done.contains(name) || found == inherits.end() || chain.size() >= deepest) return;
        chain.push_back(name);
        for (const std::string& one : found->second) visit(one);
        chain.pop_back();
        done.insert(name);
    };
    for (const auto& [name, others] : inherits) visit(name);
    return circles;
}

} // namespace disco::lint
