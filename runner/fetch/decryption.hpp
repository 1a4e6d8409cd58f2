#pragma once

#include "runner/fetch/parameter_tree.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Secrets that the server holds encrypted for this machine, as messages of age(1) or of OpenPGP (gpg(1)).
namespace disco::fetch {

enum class Cipher { none, age, openpgp };

/// What a value is, by how it begins: an age file, armoured or not, or an armoured OpenPGP message. Pure.
[[nodiscard]] Cipher cipher_of(std::string_view value);

/// Commands that read a message on standard input and print what it holds: their words.
struct DecryptCommands {
    std::vector<std::string> age = {"age", "--decrypt", "--identity", "/etc/disco/age.key"};
    std::vector<std::string> gpg = {"gpg",     "--homedir", "/etc/disco/gnupg",
                                    "--batch", "--quiet",   "--decrypt"};
};

/// Decrypts on this machine, each message once. Neither a message nor what it holds is ever an argument, in
/// an environment or in a file of its own.
class Decryption {
public:
    /// `commands` is called when the first message is there to be decrypted.
    explicit Decryption(std::function<DecryptCommands()> commands) : find_commands_{std::move(commands)} {}

    /// What a value of a secret says: what the message holds, or the value itself when it is none. `name`:
    /// for messages. Throws BadConfiguration when it cannot be decrypted, or is longer than a value may be;
    /// Interrupted.
    [[nodiscard]] std::string plain(const std::string& name, const std::string& value);

    /// Replaces the encrypted values below secrets/. Throws BadConfiguration that names all that cannot be
    /// decrypted, and all whose text is too short to be masked.
    void decrypt_secrets(ParameterTree& tree);

private:
    [[nodiscard]] std::string run(const std::string& name, const std::string& message, Cipher cipher);

    std::function<DecryptCommands()> find_commands_;
    std::optional<DecryptCommands> commands_;
    std::map<std::string, std::string> known_; ///< message → what it holds
};

/// Throws BadConfiguration when a secret is too short to be masked: see model::SecretMask. Pure.
void refuse_short_secret(std::string_view name, std::string_view plain);

} // namespace disco::fetch
