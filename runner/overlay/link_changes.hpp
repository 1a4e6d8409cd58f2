#pragma once

#include "runner/model/object_state.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace disco::overlay {

/// Finds names that were there before a layer and are there after it, and that belong to other names than
/// before: links that were made of equal files, or came apart into equal files. Nothing else shows such a
/// change.
class LinkChanges {
public:
    /// Which file a name leads to.
    struct File {
        bool in_layer = false;
        std::uint64_t inode = 0;
        auto operator<=>(const File&) const = default;
    };
    struct Name {
        std::string path;
        model::ObjectState before, after;
        File file_before, file_after;
        bool reported = false; ///< something else has changed, too
    };
    /// One name, of a file that has more than one before or after.
    void add(Name name);

    /// Calls for every name whose only change it is, in the order of `add`. The states say what it was and is
    /// linked to.
    void for_each(const std::function<void(const std::string& path, const model::ObjectState& before,
                                           const model::ObjectState& after)>& visit);

private:
    using Names = std::vector<std::size_t>; ///< positions in names_
    [[nodiscard]] std::string other_name(std::size_t own, const Names& names) const;

    std::vector<Name> names_;
    std::map<File, Names> before_, after_;
};

} // namespace disco::overlay
