#pragma once

#include "runner/fetch/decryption.hpp"
#include "runner/fetch/parameter_tree.hpp"
#include "runner/model/secret_mask.hpp"

#include <filesystem>
#include <string>

namespace disco::fetch {

/// Adds the values of all secrets of a tree whose values are decrypted.
void add_secrets(model::SecretMask& mask, const ParameterTree& tree);

/// Adds the secrets that this machine knows from the last fetch, and those that were set on it, of all nodes
/// that it has been: what is undone may be of another one. Of the encrypted ones those that count, which are
/// decrypted; of other nodes than `node` as far as they can be. Reads nothing but what lies below secrets/.
/// Throws Error.
void add_known_secrets(model::SecretMask& mask, const std::filesystem::path& state, const std::string& node,
                       Decryption& decryption);

} // namespace disco::fetch
