#pragma once

#include "runner/model/change.hpp"
#include "runner/overlay/layers.hpp"
#include "runner/report/package_files.hpp"

#include <filesystem>
#include <string_view>

namespace disco::view {

/// Which packages own what modules change, by dpkg's lists of the live root and of every layer. They are read
/// when they are first needed: most runs change nothing that could be a package's.
class PackageOwners {
public:
    /// `layers`: borrowed.
    explicit PackageOwners(const overlay::Layers& layers) : layers_{layers} {}

    /// Another layer was begun, or has been worked on; its lists count from now on, beside the earlier ones.
    void begin_layer() { read_layer_ = false; }

    /// Empty: no package owns it. Valid until the next call. Throws sys::Error when a list cannot be read.
    [[nodiscard]] std::string_view owner_of(const model::Change& change);
    /// The same of any file, changed or not.
    [[nodiscard]] std::string_view owner_of_file(std::string_view path);

private:
    void read_all_lists();
    void read_lists(const std::filesystem::path& top, std::string_view path);

    const overlay::Layers& layers_;
    report::PackageFiles files_;
    bool read_live_ = false, read_layer_ = false;
};

} // namespace disco::view
