#include "runner/fetch/decryption.hpp"

#include "runner/model/secret_mask.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/objections.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"
#include "runner/sys/text_lines.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace disco::fetch {
namespace {

constexpr std::string_view white = " \t\r\v\f\n";

/// The setting that holds the command for it, and the package that has the usual program.
struct Tool {
    const char *setting, *package;
};
Tool tool_for(Cipher cipher) {
    return cipher == Cipher::age ? Tool{"disco/client/cmds/age", "age"}
                                 : Tool{"disco/client/cmds/gpg", "gpg"};
}

/// The path, and the home that gpg(1) may keep its agent's files in; nothing else of the caller's.
std::vector<std::string> environment() {
    const char* path = std::getenv("PATH");
    const char* home = std::getenv("HOME");
    return {fmt::format("PATH={}", path != nullptr ? path : sys::usual_path),
            fmt::format("HOME={}", home != nullptr ? home : "/"), "LC_ALL=C.UTF-8"};
}

/// What it printed as its reason, on one line.
std::string reason_of(const sys::ProgramResult& result) {
    if (result.timed_out) return "it did not end in time";
    std::string reason;
    for (const std::string_view line : sys::lines_of(result.error))
        if (const std::string_view text = sys::trimmed(line); !text.empty())
            reason += fmt::format("{}{}", reason.empty() ? "" : "; ", sys::printable_text(text));
    if (!reason.empty()) return reason;
    return result.signal != 0 ? fmt::format("signal {}", result.signal)
                              : fmt::format("exit code {}", result.exit);
}

} // namespace

Cipher cipher_of(std::string_view value) {
    const std::string_view text = sys::trimmed_left(value, white);
    if (text.starts_with("age-encryption.org/v1\n") || text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"))
        return Cipher::age;
    return text.starts_with("-----BEGIN PGP MESSAGE-----") ? Cipher::openpgp : Cipher::none;
}

std::string Decryption::plain(const std::string& name, const std::string& value) {
    const Cipher cipher = cipher_of(value);
    if (cipher == Cipher::none) return value;
    const auto known = known_.find(value);
    if (known != known_.end()) return known->second;
    return known_.emplace(value, run(name, value, cipher)).first->second;
}

std::string Decryption::run(const std::string& name, const std::string& message, Cipher cipher) {
    if (!commands_) commands_ = find_commands_();
    const std::vector<std::string>& words = cipher == Cipher::age ? commands_->age : commands_->gpg;
    const Tool tool = tool_for(cipher);
    sys::ProgramResult result;
    try {
        result = sys::run_program({.argv = words,
                                   .environment = environment(),
                                   .input = message,
                                   .timeout = std::chrono::seconds{60},
                                   .output_limit = longest_value});
    } catch (const sys::SysError& error) {
        if (error.code() != ENOENT && error.code() != EACCES && error.code() != ENOEXEC) throw;
        throw sys::BadConfiguration{
            fmt::format("cannot decrypt parameter {}: {}; install the package {}, or set the command in {}",
                        name, error.full_text(), tool.package, tool.setting)};
    }
    if (!result.succeeded())
        throw sys::BadConfiguration{
            fmt::format("cannot decrypt parameter {}: `{}` failed: {}; encrypt it for a key of this machine, "
                        "or set the command that has the key in {}",
                        name, sys::quote_words(words), reason_of(result), tool.setting)};
    if (result.output_cut)
        throw sys::BadConfiguration{fmt::format("parameter {} has more than {} MiB when it is decrypted",
                                                name, longest_value >> 20U)};
    return std::move(result.output);
}

void Decryption::decrypt_secrets(ParameterTree& tree) {
    sys::Objections objections;
    for (auto& [name, value] : tree) {
        if (!value || !model::is_secret_name(name)) continue;
        objections.noting([&, &text = *value, &of = name] {
            text = plain(of, text);
            refuse_short_secret(of, text);
        });
    }
    objections.throw_all();
}

void refuse_short_secret(std::string_view name, std::string_view plain) {
    if (model::SecretMask::can_mask(plain)) return;
    if (plain.find('\0') != std::string_view::npos)
        throw sys::BadConfiguration{fmt::format(
            "parameter {}: a secret has no NUL character, as most programs end a text there: encode it, "
            "in base64 for instance",
            name)};
    throw sys::BadConfiguration{
        fmt::format("parameter {}: no line of it has {} characters, so it cannot be masked without hiding "
                    "other text; make it longer, or keep it outside of secrets/ if it is none",
                    name, model::SecretMask::shortest)};
}

} // namespace disco::fetch
