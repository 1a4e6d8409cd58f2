#include "policy/policy_store.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/random_number.hpp"

#include <utility>

#include <fmt/format.h>

namespace disco::policy {

using model::Profile;

Profiles read_profiles(const ReadProfile& read, const CallTable& table) {
    Profiles profiles;
    for (const Profile profile : all_profiles)
        profiles.emplace(profile, parse_profile(model::to_string(profile), read,
                                                [&](std::string_view name) { return table.knows(name); }));
    return profiles;
}

Confinement confine_sandbox_by(const Profiles& profiles, const CallTable& table) {
    Confinement confinement;
    for (const auto& [profile, policy] : profiles) confinement.capabilities |= policy.capabilities;
    confinement.calls = compile_sandbox_filter(profiles, table);
    return confinement;
}

Confinement confine_program_by(Profile profile, const Profiles& profiles, const CallTable& table) {
    return {profiles.at(profile).capabilities, compile_program_filter(profile, profiles, table), 0};
}

PolicyStore::PolicyStore(std::filesystem::path lib, const std::filesystem::path& overrides)
    : lib_{std::move(lib)},
      replaced_{policy_files(overrides / "profiles")},
      exec_token_{sys::random_number()} {
    for (const auto& [name, file] : replaced_)
        if (!policy_files(lib_ / "profiles").contains(name))
            throw sys::BadConfiguration{fmt::format(
                "'{}' replaces no profile; there are base, template, strict, simulate and live (.json)",
                sys::printable(file.string()))};
    if (!replaced_.empty()) profiles();
}

std::filesystem::path PolicyStore::file_of(const std::string& profile) const {
    const auto own = replaced_.find(profile + ".json");
    return own != replaced_.end() ? own->second : lib_ / "profiles" / (profile + ".json");
}

const CallTable& PolicyStore::calls() {
    if (!calls_) calls_ = load_call_table(lib_);
    return *calls_;
}

const Profiles& PolicyStore::profiles() {
    if (!profiles_)
        profiles_ = read_profiles(
            [&](const std::string& name) -> ProfileText {
                const auto file = file_of(name);
                auto text = sys::read_file_if_exists(file);
                if (!text)
                    throw sys::BadConfiguration{
                        fmt::format("there is no profile '{}' to inherit; there are base, "
                                    "template, strict, simulate and live",
                                    sys::printable(name))};
                return {*std::move(text), file.string()};
            },
            calls());
    return *profiles_;
}

const ProfilePolicy& PolicyStore::profile(Profile profile) { return profiles().at(profile); }

Confinement PolicyStore::compiled(const std::string& name) const {
    const auto file = lib_ / "compiled" / name;
    return parse_confinement(sys::read_file(file), file.string());
}

std::shared_ptr<const Confinement> PolicyStore::sandbox() {
    if (!sandbox_)
        sandbox_ = std::make_shared<const Confinement>(
            replaced_.empty() ? compiled("sandbox") : confine_sandbox_by(profiles(), calls()));
    return sandbox_;
}

std::shared_ptr<const Confinement> PolicyStore::program(Profile profile) {
    auto& entry = programs_[profile];
    if (!entry) {
        Confinement confinement = replaced_.empty() ? compiled(model::to_string(profile))
                                                    : confine_program_by(profile, profiles(), calls());
        set_exec_token(confinement, exec_token_);
        entry = std::make_shared<const Confinement>(std::move(confinement));
    }
    return entry;
}

} // namespace disco::policy
