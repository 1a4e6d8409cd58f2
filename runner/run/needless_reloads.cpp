#include "runner/run/needless_reloads.hpp"

#include "runner/border/question_run.hpp"
#include "runner/border/systemd_runs.hpp"
#include "runner/run/run_record.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/program.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <sys/stat.h>

namespace disco::run {
namespace {

using model::ServiceVerb;

/// A daemon-reexec, which means the same for units, is never needless.
bool is_reload(const model::Action& action) {
    return action.meaning.verb == ServiceVerb::daemon_reload &&
           std::find(action.argv.begin(), action.argv.end(), "daemon-reload") != action.argv.end();
}

/// Starting and stopping leaves the files of units alone; of other commands nobody knows.
bool may_change_files(const model::Action& action) {
    return !is_reload(action) &&
           (action.meaning.verb == ServiceVerb::none || action.meaning.verb == ServiceVerb::anything);
}

/// What systemd says; nothing when it does not, or not all of it.
std::optional<std::string> answer_of_systemd(const border::Host& host,
                                             const std::vector<std::string>& words) {
    const border::HostCommand command = border::question(host, words, {"bus"}, 0);
    sys::ProgramResult result = sys::run_program({.argv = command.argv,
                                                  .environment = command.environment,
                                                  .input = {},
                                                  .timeout = border::QuestionRun::patience,
                                                  .output_limit = border::QuestionRun::most_output});
    if (!result.succeeded() || result.output_cut) return std::nullopt;
    return std::move(result.output);
}

/// When systemd last loaded units; nothing when it does not say it.
std::optional<timespec> last_load(const border::Host& host) {
    const auto answer =
        answer_of_systemd(host, {"systemctl", "show", "--property=UnitsLoadTimestampMonotonic",
                                 "--property=UnitsLoadStartTimestampMonotonic"});
    if (!answer) return std::nullopt;
    std::int64_t last = 0; // microseconds of CLOCK_MONOTONIC
    for (const std::string_view line : sys::lines_of(*answer))
        last = std::max(last, sys::number_in<std::int64_t>(line.substr(line.find('=') + 1)).value_or(0));
    if (last == 0) return std::nullopt;
    constexpr std::int64_t second = 1'000'000'000;
    timespec now = {}, since_boot = {};
    ::clock_gettime(CLOCK_REALTIME, &now);
    ::clock_gettime(CLOCK_MONOTONIC, &since_boot);
    const std::int64_t offset = (now.tv_sec - since_boot.tv_sec) * second + now.tv_nsec - since_boot.tv_nsec,
                       moment = last * 1000 + offset;
    return timespec{.tv_sec = moment / second, .tv_nsec = moment % second};
}

/// Whether somebody has changed since `moment` what a reload reads besides the files of units that are
/// loaded: what generators make units of (systemd.generator(7); those of packages read files of their own,
/// which are not known), and the directories where units and what they want are found.
bool is_changed_since(const timespec& moment) {
    const auto changed = [&](const std::filesystem::path& path) {
        const auto status = sys::stat_path(path);
        return status && !sys::later(moment, status->st_ctim);
    };
    for (const char* path :
         {"/etc/fstab", "/etc/crypttab", "/etc/veritytab", "/etc/init.d", "/etc/rc2.d", "/etc/rcS.d",
          "/etc/systemd/system-generators", "/usr/local/lib/systemd/system-generators",
          "/usr/lib/systemd/system-generators"})
        if (changed(path)) return true;
    for (const std::filesystem::path directory :
         {"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
          "/usr/lib/systemd/system"}) {
        if (changed(directory)) return true;
        if (!sys::is_directory(directory)) continue;
        const sys::UniqueFd opened = sys::open_directory(directory);
        for (const sys::DirectoryEntry& entry : sys::list_directory(opened.get(), directory))
            if (entry.type == DT_DIR && changed(directory / entry.name)) return true;
    }
    return false;
}

bool systemd_knows_all(const border::Host& host) {
    const auto load = last_load(host);
    if (!load || is_changed_since(*load)) return false;
    const auto answer =
        answer_of_systemd(host, {"systemctl", "show", "--property=NeedDaemonReload", "--value", "--", "*"});
    if (!answer) return false;
    bool known = false;
    for (const std::string_view line : sys::lines_of(*answer))
        for (const std::string_view word : sys::words_of(line)) {
            if (word != "no") return false;
            known = true;
        }
    return known;
}

} // namespace

void drop_needless_reloads(model::RunReport& run, const border::Host& host) {
    const auto any_action = [&](bool (*what)(const model::Action&)) {
        return std::any_of(run.modules.begin(), run.modules.end(), [&](const model::ModuleReport& module) {
            return std::any_of(module.actions.begin(), module.actions.end(), what);
        });
    };
    if (!any_action(is_reload) || has_changes(run) || any_action(may_change_files)) return;
    const bool runtime_files = std::any_of(run.modules.begin(), run.modules.end(), [](const auto& module) {
        return std::any_of(module.notices.begin(), module.notices.end(), [](const model::Notice& notice) {
            return notice.kind == model::NoticeKind::runtime;
        });
    });
    if (runtime_files || !border::systemd_runs(host) || !systemd_knows_all(host)) return;
    for (model::ModuleReport& module : run.modules) {
        std::erase_if(module.notices, [&](const model::Notice& notice) {
            return notice.kind == model::NoticeKind::would_execute &&
                   std::any_of(module.actions.begin(), module.actions.end(),
                               [&](const model::Action& action) {
                                   return is_reload(action) && action.argv == notice.argv;
                               });
        });
        std::erase_if(module.actions, is_reload);
    }
}

} // namespace disco::run
