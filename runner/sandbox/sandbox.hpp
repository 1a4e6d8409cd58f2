#pragma once

#include "policy/confinement.hpp"
#include "runner/model/run_report.hpp"
#include "runner/model/sandbox_settings.hpp"
#include "runner/sandbox/input_relay.hpp"
#include "runner/sandbox/log_sink.hpp"
#include "runner/sandbox/mount_plan.hpp"
#include "runner/sandbox/network_attempts.hpp"
#include "runner/sandbox/notifier.hpp"
#include "runner/sandbox/protocol.hpp"
#include "runner/sys/patient_writer.hpp"
#include "runner/sys/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::sandbox {

/// A program that a sandbox can be asked to run. All of a sandbox's programs are known before it starts.
struct Program {
    std::string path; ///< in the view
    std::vector<std::string> argv;
    std::vector<std::string> environment; ///< "NAME=value"; nothing else is passed
    std::shared_ptr<const policy::Confinement> confinement;
    enum class Output {
        merged,
        separate, ///< standard output is a value (templates)
        /// Standard input, output and error are a terminal of the sandbox's own, which is the program's
        /// controlling terminal and is connected with SandboxSpec::terminal.
        terminal
    } output = Output::merged;
    enum class View { writable, readonly } view = View::writable;
    std::optional<std::chrono::milliseconds> timeout{std::chrono::minutes{15}};
    std::size_t standard_output_limit = 0; ///< bytes, with Output::separate
    AnswerCall answer; ///< for calls that its confinement reports; this and `exec` are called by a thread
    AnswerExec exec;   ///< for every exec that is heard, beginning with that of `path`
    /// Whether `exec` would let that of `path` go on; then it is not asked. `root`: of the sandbox (O_PATH).
    std::function<bool(int root)> unheard;
};

/// What else the parent attends to while programs run: `serve` is called when `fd` (borrowed) is readable.
struct Attendant {
    int fd = -1;
    std::function<void()> serve;
};

struct SandboxSpec {
    std::filesystem::path layers_directory; ///< what the overlay options are relative to
    MountPlans mounts;
    std::string memory; ///< see ViewSpec; empty: none
    model::Network network = model::Network::isolated;
    int user_namespace = -1;    ///< for programs, borrowed; -1: this process's
    int network_namespace = -1; ///< borrowed; -1: this process's
    bool new_network = false;   ///< nobody has been in it: its loopback device is still down
    std::shared_ptr<const policy::Confinement> confinement; ///< of everything in it
    std::vector<Program> programs;
    std::size_t lanes = 1; ///< programs that `run_together` may run, at most max_lanes
    int broker = -1;       ///< a socket that PID 1 binds where the mount plan says, borrowed; -1: none
    Attendant attendant;   ///< the broker's
    int input = -1;        ///< what programs read, by an InputRelay; borrowed; -1: the view's /dev/null
    sys::PatientWriter* outlet = nullptr; ///< what sinks write to, borrowed: programs wait while it is full
    int terminal = -1; ///< a person's, for a program with Output::terminal, borrowed; never seen inside
};

/// How a program ended. Only `exited` with status 0 is success.
struct ProgramEnd {
    enum class Kind {
        exited,
        signalled,
        timed_out,
        too_much_output, ///< of separate standard output
        too_many_tasks,  ///< a fork bomb was stopped
        scratch_full,    ///< stopped before it filled the host's file system
        not_started,     ///< see `failure`
        sandbox_died,    ///< something killed PID 1
        stopped_too,     ///< another program of the same `run_together` had to be stopped
    };
    Kind how = Kind::exited;
    int exit = 0;
    int signal = 0;
    std::string failure; ///< of not_started: what could not be done, and why
    model::ResourceUsage usage;
    double wall_s = 0;
    std::string output;              ///< merged output (or standard error), cut in the middle when very long
    std::string standard_output;     ///< with Output::separate
    std::vector<AnsweredCall> calls; ///< that were reported instead of made
    std::vector<std::string>
        left_running; ///< command lines of processes that were still there, and were killed
    [[nodiscard]] bool succeeded() const { return how == Kind::exited && exit == 0; }
    /// For people: "exited with 3", "was killed by SIGKILL (Killed)", "took longer than 900 s and was
    /// killed".
    [[nodiscard]] std::string describe(const Program& program) const;
};

/// The parent's ends of what programs write to, one after the other; non-blocking.
struct Lane {
    sys::UniqueFd output, standard_output;
};

using OutputSink = std::function<void(std::string_view)>;

/// Namespaces with a merged view as their root, and a PID 1 that runs programs in them.
///
/// Owns the processes: at the end of the object all are killed and reaped. The mounts go with the last
/// process. Needs root. The parent must be single-threaded.
class Sandbox {
public:
    /// Starts PID 1, which builds what needs no layer, and does not wait for it. Throws sys::Error.
    explicit Sandbox(SandboxSpec spec);
    Sandbox(Sandbox&&) noexcept;
    ~Sandbox();

    /// Builds the view by mounts.enter[plan]. Once, before anything below. Throws sys::Error that names the
    /// step that failed, also of what was built before.
    void enter(std::size_t plan);

    [[nodiscard]] model::Network network() const noexcept { return spec_.network; }
    /// The attempts of all sandboxes that share its network; none when it is gone.
    [[nodiscard]] NetworkAttempts network_attempts() const;

    /// The root of the merged view (O_PATH); use sys::open_in_root below it. Valid while the sandbox lives.
    [[nodiscard]] int root() const noexcept { return root_.get(); }
    /// The layer in memory, with `u` and `w` (see ViewSpec); -1 where there is none. As above.
    [[nodiscard]] int memory() const noexcept { return memory_.get(); }

    /// Runs programs[index] to its end; `sink` gets its merged output as it comes; `meanwhile`, when there is
    /// one, is called once when the program has been started. What it leaves running is killed. While a
    /// program with Output::terminal runs, the person's terminal is in raw mode and all keys are the
    /// program's; when that terminal is gone, Interrupted says SIGHUP. Throws sys::Interrupted (and leaves
    /// the killing to the destructor). After an end by anything but `exited` or `signalled` the sandbox is
    /// dead: further calls throw sys::Error.
    [[nodiscard]] ProgramEnd run(std::size_t index, const OutputSink& sink,
                                 const std::function<void()>& meanwhile = {});

    /// The same for programs[first, first + count), all at once. `sink` gets what they print, with the number
    /// of the program (from 0), one after the other: a later one's when the ones before it have ended.
    [[nodiscard]] std::vector<ProgramEnd>
    run_together(std::size_t first, std::size_t count,
                 const std::function<void(std::size_t, std::string_view)>& sink,
                 const std::function<void()>& meanwhile = {});

    /// Kills all processes and does not wait for their ends. Nothing writes to the layers any more when every
    /// `run` has returned; until `close` the overlays are still mounted on them.
    void stop() noexcept;
    /// Ends all processes and waits for them; the mounts are gone then.
    void close() noexcept;

private:
    class Runner;
    void order(Order what, std::size_t index, std::size_t count = 1, std::uint32_t unheard = 0) const;
    [[nodiscard]] bool receive(Message& message, sys::UniqueFd& descriptor) const;
    [[nodiscard]] sys::UniqueFd expect(Message::Kind kind, const MountPlan& plan) const;
    SandboxSpec spec_;
    pid_t pid_ = -1;
    sys::UniqueFd pidfd_, control_, root_, memory_;
    sys::UniqueFd terminal_; ///< of a terminal of the sandbox's own the outer side (pty(7)), once entered
    LogSink log_;
    std::vector<Lane> lanes_;
    std::optional<InputRelay> input_;
};

} // namespace disco::sandbox
