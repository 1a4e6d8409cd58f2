#pragma once

#include "runner/model/owner_names.hpp"
#include "runner/module/module_contents.hpp"
#include "runner/module/shared_paths.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::module {

/// Puts files into a merged view from outside, through a descriptor of its root. Directory symlinks on the
/// way are followed (within the view) and never replaced; what is already as wanted is not touched.
class Delivery {
public:
    /// `root`: borrowed. `owners`: of the view, for the names in the module's attributes. `shared`: hears
    /// what is delivered; what another module has delivered differently is an error.
    Delivery(int root, const model::OwnerNames& owners, const ModuleContents& module, SharedPaths& shared)
        : root_{root}, owners_{owners}, module_{module.name}, rules_{module.attributes}, shared_{shared} {}

    /// A directory (made if missing), a symlink, or a file with the content of its source.
    void deliver(const Deliverable& item) const;
    /// A file with this content.
    void deliver_text(const Deliverable& item, std::string_view content) const;

private:
    /// What is absent, is kept as it is.
    struct Demand {
        std::optional<mode_t> mode;
        std::optional<uid_t> uid;
        std::optional<gid_t> gid;
    };
    struct WantedMetadata {
        mode_t mode;
        uid_t uid;
        gid_t gid;
    };
    [[nodiscard]] const model::AttributeRule* rule_of(const Deliverable& item) const;
    /// What `attributes` makes of the server's mode and root:root.
    [[nodiscard]] Demand demand(const Deliverable& item) const;
    template <class Content> void note(const Deliverable& item, const Content& content) const;
    /// `existing` fills in what is kept.
    [[nodiscard]] WantedMetadata wanted(const Deliverable& item, const struct stat* existing) const;
    void deliver_directory(const Deliverable& item) const;
    void deliver_symlink(const Deliverable& item) const;
    void deliver_content(const Deliverable& item, int source, std::string_view content) const;

    int root_;
    const model::OwnerNames& owners_;
    const std::string& module_;
    const std::vector<model::AttributeRule>& rules_;
    SharedPaths& shared_;
};

} // namespace disco::module
