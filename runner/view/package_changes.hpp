#pragma once

#include "runner/model/change.hpp"
#include "runner/model/run_report.hpp"
#include "runner/overlay/layers.hpp"
#include "runner/report/package_states.hpp"
#include "runner/view/package_owners.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace disco::view {

/// Which packages modules install, upgrade and remove, by dpkg's data base before and after each layer, and
/// what of the changes outside of packages' places that explains.
class PackageChanges {
public:
    /// `layers`, `owners`: borrowed.
    PackageChanges(const overlay::Layers& layers, PackageOwners& owners) : layers_{layers}, owners_{owners} {}

    /// Reads the data base if the begun layer has changed it. Layers that are not kept are not to be read.
    /// Throws sys::Error.
    [[nodiscard]] std::vector<model::PackageChange> read_layer();

    /// The package that a change is due to, if it is: one of its files; a conffile as the package ships it,
    /// which comes or goes; a link of update-alternatives(1) or update-rc.d(8) to a file of it. Empty: none.
    /// Valid until the next call. `upper`: where the begun layer holds the tree's `inside`. Throws
    /// sys::Error.
    [[nodiscard]] std::string_view package_of(const model::Change& change, const std::filesystem::path& upper,
                                              std::string_view inside);

private:
    [[nodiscard]] std::string_view owner_of_conffile(const model::Change& change,
                                                     const std::filesystem::path& upper,
                                                     std::string_view inside) const;
    [[nodiscard]] std::string_view owner_of_link(const model::Change& change);

    const overlay::Layers& layers_;
    PackageOwners& owners_;
    bool read_live_ = false;
    bool any_ = false; ///< the begun layer has changed packages
    report::PackageStates before_, after_;
    std::map<std::string, std::string, std::less<>> alternatives_; ///< "/etc/alternatives/vi" → package
};

} // namespace disco::view
