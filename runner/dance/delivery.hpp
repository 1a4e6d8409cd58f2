#pragma once

#include "runner/dance/module_contents.hpp"
#include "runner/model/owner_names.hpp"

#include <string_view>

namespace disco::dance {

/// Puts files into a merged view from outside, through a descriptor of its root. Directory symlinks on the
/// way are followed (within the view) and never replaced; what is already as wanted is not touched.
class Delivery {
public:
    /// `root`: borrowed. `owners`: of the view, for the names in `rules`.
    Delivery(int root, const model::OwnerNames& owners, const std::vector<model::AttributeRule>& rules)
        : root_{root}, owners_{owners}, rules_{rules} {}

    /// A directory (made if missing), a symlink, or a file with the content of its source.
    void deliver(const Deliverable& item) const;
    /// A file with this content.
    void deliver_text(const Deliverable& item, std::string_view content) const;

private:
    struct Wanted {
        mode_t mode;
        uid_t uid;
        gid_t gid;
    };
    /// What `attributes` makes of the server's mode and root:root; `existing` fills in what a rule keeps.
    [[nodiscard]] Wanted wanted(const Deliverable& item, const struct stat* existing) const;
    void deliver_directory(const Deliverable& item) const;
    void deliver_symlink(const Deliverable& item) const;
    void deliver_content(const Deliverable& item, int source, std::string_view content) const;

    int root_;
    const model::OwnerNames& owners_;
    const std::vector<model::AttributeRule>& rules_;
};

} // namespace disco::dance
