#pragma once

#include "runner/report/recorded_change.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Which of a run's changes belong together, so that people see one line for them. Pure.
namespace disco::report {

struct ChangeGroup {
    enum class Kind {
        single,    ///< none: it is shown by itself
        delivered, ///< by the module itself: shown first, by itself
        tree,      ///< a directory that comes or goes, and what comes or goes with it
        package,   ///< what a package owns
        manager    ///< what a package manager notes and keeps
    };
    Kind kind = Kind::single;
    std::string name; ///< path of a tree's directory; name of a package
    auto operator<=>(const ChangeGroup&) const = default;
};

/// Whether a package manager, such as dpkg, apt, rpm or dnf, has its data base, caches and logs there.
/// `path` is absolute.
[[nodiscard]] bool is_package_managers(std::string_view path);

/// Finds each change's group, in the order of the log: a directory comes before what is in it.
class ChangeGroups {
public:
    using Index = std::uint32_t;
    /// The index of the change's group.
    Index note(const RecordedChange& change);
    /// The index of a group of another log's change.
    Index adopt(const ChangeGroup& group) { return index_of(group.kind, group.name); }
    [[nodiscard]] const ChangeGroup& at(Index index) const { return groups_.at(index); }

private:
    Index index_of(ChangeGroup::Kind kind, std::string_view name);
    [[nodiscard]] bool is_in_tree(const RecordedChange& change) const;

    std::vector<ChangeGroup> groups_ = {{ChangeGroup::Kind::single, {}},
                                        {ChangeGroup::Kind::delivered, {}},
                                        {ChangeGroup::Kind::manager, {}}};
    std::map<std::pair<ChangeGroup::Kind, std::string>, Index> indices_;
    Index tree_ = 0; ///< of the last change that began one; 0: none did
    model::ChangeKind tree_kind_ = model::ChangeKind::created;
};

} // namespace disco::report
