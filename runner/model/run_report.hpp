#pragma once

#include "runner/model/change.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/model/service_verb.hpp"
#include "runner/model/subject.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/types.h>

// What a dance leaves behind to be told: plain values. The changes themselves are too many to hold in memory;
// the report counts them, and report::ChangeLog keeps them on disk.
namespace disco::model {

enum class RunMode { noop, live };
[[nodiscard]] const char* to_string(RunMode mode);

enum class Profile { strict, simulate, live, template_, none };
[[nodiscard]] const char* to_string(Profile profile); ///< "strict", "simulate", "live", "template", ""

enum class Phase { fetch, files, template_, script, shell, diff, check, action, merge };
[[nodiscard]] const char* to_string(Phase phase);

struct ResourceUsage {
    double user_s = 0, sys_s = 0;
    std::int64_t max_rss_kib = 0;
    std::int64_t minor_faults = 0, major_faults = 0;
    std::int64_t blocks_in = 0, blocks_out = 0;
    std::int64_t switches_voluntary = 0, switches_involuntary = 0;
};
[[nodiscard]] ResourceUsage resource_usage(const struct rusage& usage);
/// Sums; max_rss_kib is the larger one.
[[nodiscard]] ResourceUsage operator+(const ResourceUsage& a, const ResourceUsage& b);
/// What was used between two looks at the same process; max_rss_kib is the later one.
[[nodiscard]] ResourceUsage operator-(const ResourceUsage& later, const ResourceUsage& earlier);

/// One piece of work, timed.
struct Step {
    Phase phase = Phase::script;
    std::string name; ///< "scripts/10-x.sh", "templates/etc/motd", "parameters"
    Profile profile = Profile::none;
    int exit = 0;
    int signal = 0; ///< that ended it, 0 for none
    double wall_s = 0;
    ResourceUsage usage;
    std::string output; ///< what it printed, cut in the middle when very long
};

enum class NoticeKind {
    would_execute,
    refused,
    restricted,
    left_running,
    copied_shim,
    network,
    read_only,
    runtime,
    kept ///< by a rollback
};
[[nodiscard]] const char* to_string(NoticeKind kind); ///< "would-execute", …

struct Notice {
    NoticeKind kind = NoticeKind::would_execute;
    std::string text;              ///< for people: "would execute: systemctl reload nginx"
    std::vector<std::string> argv; ///< of would_execute; else empty
    std::string step;              ///< name of the step
};

enum class ActionOutcome { pending, done, failed };
[[nodiscard]] const char* to_string(ActionOutcome outcome);

/// What an action is run with besides its words: as it was where the script asked for it.
struct ActionContext {
    std::string directory = "/"; ///< absolute, in the tree
    mode_t umask = 022;
    std::vector<std::string> environment; ///< "NAME=value", less disco's own and LD_*
    std::optional<std::string> input;     ///< what its standard input held; nothing: it was empty
};

/// What an action will have made of the machine, as far as its words say; for the questions of the same run.
struct ActionEffects {
    std::vector<Subject> changes{};
    /// Of what changes settings of the kernel: the assignments ("net.ipv4.ip_forward=1"); nothing: not known.
    std::optional<std::vector<std::string>> settings{};
    std::vector<std::string> canonical{}; ///< the words as a question's are rebuilt, to be compared with them
};

struct Action {
    std::vector<std::string> argv;
    ActionContext context;
    ActionOutcome outcome = ActionOutcome::pending;
    int exit = 0;
    ServiceMeaning meaning{};
    std::vector<std::string> covers{}; ///< directories, absolute, on which it mounts something
    ActionEffects effects{};
    bool repeated = false; ///< another action of the run does what this one asks for, and has its outcome
};

/// A package that was installed, upgraded or removed.
struct PackageChange {
    std::string name;          ///< with its architecture where several can be installed: "libc6:amd64"
    std::string before, after; ///< versions; empty: it was not installed, it is not any more
    bool operator==(const PackageChange&) const = default;
};

enum class ModuleOutcome { in_sync, changed, failed, skipped };
[[nodiscard]] const char* to_string(ModuleOutcome outcome); ///< "in-sync", "changed", …

struct ModuleReport {
    std::string name; ///< empty for the command of `disco exec` and for `disco shell`
    ModuleOutcome outcome = ModuleOutcome::in_sync;
    std::string reason;                   ///< why it failed or was skipped
    std::vector<std::string> comes_after; ///< modules of the run, by name, as their `requires` say
    std::vector<Step> steps;
    std::vector<Notice> notices;
    std::vector<Action> actions;
    std::vector<PackageChange> packages;           ///< by name
    std::array<std::size_t, 5> change_counts = {}; ///< by ChangeKind
    std::size_t first_change = 0;                  ///< index of its first change in the ChangeLog
    [[nodiscard]] std::size_t changes() const;
    [[nodiscard]] bool is_shell() const; ///< of `disco shell`
};

/// Of the actions that are not repeated.
struct ActionCounts {
    std::size_t pending = 0, done = 0, failed = 0;
    [[nodiscard]] std::size_t all() const { return pending + done + failed; }
};
[[nodiscard]] ActionCounts count_actions(const ModuleReport& module);
[[nodiscard]] ActionCounts count_actions(const std::vector<ModuleReport>& modules);

struct Conflict {
    std::string path;     ///< any bytes
    std::string expected; ///< in words: "as it was"
    std::string found;    ///< in words: "changed at …", "is gone"
};

struct MergeReport {
    std::size_t steps = 0;
    std::vector<Conflict> conflicts;
    std::vector<std::string> kept{}; ///< of a rollback: paths, any bytes, that it leaves as they are
    std::string undo;                ///< where the replaced originals are kept; empty when they are not
};

enum class RunOutcome { in_sync, pending, merged, failed, conflict, undone, interrupted };
[[nodiscard]] const char* to_string(RunOutcome outcome); ///< "in-sync", …

struct RunReport {
    std::string id;                    ///< sorts by time: 20260131T235959Z-0a1b
    std::string command = "disco-run"; ///< what it was: also "disco exec", "disco shell", "disco apply" …
    std::string node;
    RunMode mode = RunMode::noop;
    std::string root;
    std::string started; ///< RFC 3339, UTC
    double wall_s = 0;
    RunOutcome outcome = RunOutcome::in_sync;
    ExitCode exit_code = ExitCode::done;
    std::string version;
    std::string failure;       ///< why it ended early, for people; empty when it did not
    std::string fingerprint;   ///< hex; equal change sets give equal strings
    std::vector<Step> metrics; ///< work of the dance as a whole: fetch, merge
    std::vector<ModuleReport> modules;
    MergeReport merge;
};

} // namespace disco::model
