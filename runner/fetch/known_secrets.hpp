#pragma once

#include "runner/fetch/decryption.hpp"
#include "runner/fetch/parameter_tree.hpp"
#include "runner/model/secret_mask.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace disco::fetch {

/// Values below secrets/ as the layers have them: what is encrypted is so.
using StoredSecrets = std::set<std::string>;

/// Adds the values of all secrets of a tree whose values are decrypted.
void add_secrets(model::SecretMask& mask, const ParameterTree& tree);
[[nodiscard]] StoredSecrets secrets_of(const std::vector<ParameterLayer>& layers);

/// Adds the secrets that this machine knows from the last fetch, those that were set on it, and former ones,
/// of all nodes that it has been: what is undone may be of another one. Of the encrypted ones those that
/// count, which are decrypted; former ones, and those of other nodes than `node`, as far as they can be.
/// Reads nothing but what lies below secrets/. Returns those of `node`. Throws Error.
StoredSecrets add_known_secrets(model::SecretMask& mask, const std::filesystem::path& state,
                                const std::string& node, Decryption& decryption);

/// Notes those of `before` that are not in `now`: files of the machine hold them until a live run has
/// replaced them. In STATE/former_secrets. Throws SysError.
void keep_former_secrets(const std::filesystem::path& state, const StoredSecrets& before,
                         const StoredSecrets& now);
/// After such a run. Throws SysError.
void forget_former_secrets(const std::filesystem::path& state);

} // namespace disco::fetch
