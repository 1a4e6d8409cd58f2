#pragma once

#include <filesystem>

namespace disco::overlay {

/// Brings all that `upper` holds into `kept`, the layer right below it, so that an overlay of `kept` over
/// `live` shows what an overlay of all three showed. `upper` is empty afterwards. `upper` and `kept` are
/// upperdirs on one file system, and no overlay is mounted on either. A directory that only `upper` has is
/// moved as a whole, so this costs a rename per object in directories that both have, and nothing for the
/// rest. Throws SysError, also half-way: then neither can be trusted any more.
void squash(const std::filesystem::path& upper, const std::filesystem::path& kept,
            const std::filesystem::path& live);

} // namespace disco::overlay
