#pragma once

#include "runner/model/command_hint.hpp"
#include "runner/model/sandbox_settings.hpp"
#include "runner/run/progress.hpp"
#include "runner/sys/patient_writer.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace disco::run {

/// What every command that touches a tree takes.
struct CommonOptions {
    std::filesystem::path root = "/"; ///< the live root
    std::filesystem::path state_dir = model::default_state_directory;
    std::string node; ///< empty: the host name
    std::optional<model::Network> network;
    std::chrono::seconds wait{0}; ///< for the lock
    std::string version;
    bool detailed_exitcode = false; ///< exit code 2 when there are changes
    bool allow_reboot = false;      ///< actions may end the machine
    bool show_secrets = false;      ///< in what is shown of this run; never in what is recorded
    std::chrono::seconds confirm{
        0}; ///< undo the merge unless it is confirmed within this time; 0: no need to
    /// Gets what scripts print, as it comes, with the module's name; may be empty.
    std::function<void(std::string_view module, std::string_view bytes)> on_output;
    sys::PatientWriter* outlet = nullptr;    ///< what on_output writes to, if to anything; borrowed
    Progress* progress = &silent_progress(); ///< borrowed; never null
};

} // namespace disco::run
