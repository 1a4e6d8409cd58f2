#pragma once

#include "policy/call_table.hpp"
#include "policy/confinement.hpp"
#include "policy/policy_files.hpp"
#include "policy/profile.hpp"
#include "policy/seccomp_program.hpp"
#include "runner/model/run_report.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace disco::policy {

/// The effective policy: what disco ships (LIB/profiles, and the same compiled when disco was built), with
/// the files of `overrides` in the place of those of the same name.
///
/// The constructor reads all profiles when one of them is replaced, so that a bad file is found before
/// anything runs. Throws BadConfiguration for it, with file, line and key; SysError or Error for a damaged
/// installation.
class PolicyStore {
public:
    explicit PolicyStore(std::filesystem::path lib,
                         const std::filesystem::path& overrides = override_directory);

    /// For everything in a sandbox: the most that any profile allows.
    [[nodiscard]] std::shared_ptr<const Confinement> sandbox();
    /// What template_, strict, simulate or live take away beyond that. Its token of exec is this object's: a
    /// number that no script can know, for whom has it runs a guarded command in the sandbox itself.
    [[nodiscard]] std::shared_ptr<const Confinement> program(model::Profile profile);

    [[nodiscard]] const ProfilePolicy& profile(model::Profile profile);
    [[nodiscard]] const CallTable& calls();
    /// The file that says it: a shipped one or one that replaces it.
    [[nodiscard]] std::filesystem::path file_of(const std::string& profile) const;

private:
    const Profiles& profiles();
    Confinement compiled(const std::string& name) const;

    std::filesystem::path lib_;
    std::map<std::string, std::filesystem::path> replaced_; ///< the administrator's, by file name
    std::optional<CallTable> calls_;
    std::optional<Profiles> profiles_;
    std::shared_ptr<const Confinement> sandbox_;
    std::map<model::Profile, std::shared_ptr<const Confinement>> programs_;
    std::uint64_t exec_token_;
};

/// All profiles and what they compile to; used by PolicyStore and when disco is built.
[[nodiscard]] Profiles read_profiles(const ReadProfile& read, const CallTable& table);
[[nodiscard]] Confinement confine_sandbox_by(const Profiles& profiles, const CallTable& table);
[[nodiscard]] Confinement confine_program_by(model::Profile profile, const Profiles& profiles,
                                             const CallTable& table);

/// template_, strict, simulate, live.
inline constexpr model::Profile all_profiles[] = {model::Profile::template_, model::Profile::strict,
                                                  model::Profile::simulate, model::Profile::live};

} // namespace disco::policy
