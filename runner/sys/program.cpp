#include "runner/sys/program.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/heartbeat.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace disco::sys {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    UniqueFd read, write;
    Pipe() {
        std::array<int, 2> ends = {-1, -1};
        check(::pipe2(ends.data(), O_CLOEXEC), "make a pipe");
        read = UniqueFd{ends[0]};
        write = UniqueFd{ends[1]};
    }
};

void make_nonblocking(const UniqueFd& fd) { check(::fcntl(fd.get(), F_SETFL, O_NONBLOCK), "set up a pipe"); }

/// The program file of argv[0], looked up in the PATH of the environment it will get.
std::string resolve(const ProgramSpec& spec) {
    const std::string& name = spec.argv.at(0);
    if (name.find('/') != std::string::npos) return name;
    std::string_view path = usual_path;
    for (const std::string& variable : spec.environment)
        if (variable.starts_with("PATH=")) path = std::string_view{variable}.substr(5);
    if (auto found = find_program(name, path)) return std::move(*found);
    throw SysError{ENOENT, "find the program", name};
}

/// One running program and the near ends of its pipes. Kills and reaps it if it is still there at the end.
class RunningProgram {
public:
    explicit RunningProgram(const ProgramSpec& spec) : spec_{spec}, started_{Clock::now()} {
        Pipe in, out, err;
        struct Actions {
            posix_spawn_file_actions_t value;
            Actions() { ::posix_spawn_file_actions_init(&value); }
            ~Actions() { ::posix_spawn_file_actions_destroy(&value); }
        } actions;
        ::posix_spawn_file_actions_adddup2(&actions.value, in.read.get(), 0);
        ::posix_spawn_file_actions_adddup2(&actions.value, out.write.get(), 1);
        ::posix_spawn_file_actions_adddup2(&actions.value, err.write.get(), 2);
        struct Attributes {
            posix_spawnattr_t value;
            Attributes() {
                ::posix_spawnattr_init(&value);
                sigset_t all;
                ::sigfillset(&all);
                ::posix_spawnattr_setsigdefault(&value, &all);
                // A session of its own: what it starts can be ended with it, Ctrl-C is ours to pass on, and
                // without a terminal it fails where it would ask for a password.
                ::posix_spawnattr_setflags(&value, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
            }
            ~Attributes() { ::posix_spawnattr_destroy(&value); }
        } attributes;
        const auto argv = word_pointers(spec.argv), environment = word_pointers(spec.environment);
        const std::string program = resolve(spec);
        const int code = ::posix_spawn(&pid_, program.c_str(), &actions.value, &attributes.value, argv.data(),
                                       environment.data());
        if (code != 0) throw SysError{code, "run", program};
        pidfd_ = UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
        if (!pidfd_) throw SysError{errno, "watch the program", program};
        in_ = std::move(in.write);
        out_ = std::move(out.read);
        err_ = std::move(err.read);
        for (const UniqueFd* fd : {&in_, &out_, &err_}) make_nonblocking(*fd);
        if (spec.input.empty()) in_.reset();
    }
    RunningProgram(const RunningProgram&) = delete;
    RunningProgram& operator=(const RunningProgram&) = delete;
    ~RunningProgram() {
        if (pid_ > 0) end_all();
    }

    /// What to wait for: its end or its pipes (those that are closed have fd -1).
    [[nodiscard]] std::array<pollfd, 4> interests() const {
        return {{{pidfd_.get(), POLLIN, 0},
                 {in_.get(), POLLOUT, 0},
                 {out_.get(), POLLIN, 0},
                 {err_.get(), POLLIN, 0}}};
    }
    [[nodiscard]] std::optional<Clock::time_point> deadline() const {
        if (result_.timed_out) return std::nullopt;
        if (!spec_.timeout) return spec_.deadline;
        const Clock::time_point own = started_ + *spec_.timeout;
        return spec_.deadline ? std::min(own, *spec_.deadline) : own;
    }

    /// Moves what can be moved; true when the program has ended and its output is read.
    bool advance(Clock::time_point now) {
        feed();
        drain(out_, result_.output);
        drain(err_, result_.error);
        if (const auto at = deadline(); at && now >= *at) {
            result_.timed_out = true;
            result_.signal = SIGKILL;
            end_all();
            return true;
        }
        int status = 0;
        const pid_t reaped = ::wait4(pid_, &status, WNOHANG, &result_.usage);
        if (reaped == 0) return false;
        if (reaped < 0) throw SysError{errno, "wait for", spec_.argv[0]};
        pid_ = -1;
        // A grandchild (ssh's control master) may keep the pipes open: take what is there, do not wait for
        // more.
        drain(out_, result_.output);
        drain(err_, result_.error);
        result_.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        result_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        result_.wall_s = std::chrono::duration<double>(Clock::now() - started_).count();
        return true;
    }
    [[nodiscard]] ProgramResult take() { return std::move(result_); }

private:
    /// Ends it with all that it has started (rsync is three processes), and waits until they are gone: as
    /// their reaper, which init would be otherwise.
    void end_all() {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        ::kill(-pid_, SIGKILL);
        struct rusage usage = {};
        while (::wait4(-pid_, nullptr, 0, &usage) > 0 || errno == EINTR) result_.usage = usage;
        pid_ = -1;
        result_.wall_s = std::chrono::duration<double>(Clock::now() - started_).count();
    }

    void feed() {
        while (in_) {
            const std::string_view rest = std::string_view{spec_.input}.substr(fed_);
            const ssize_t wrote = rest.empty() ? 0 : ::write(in_.get(), rest.data(), rest.size());
            if (wrote > 0) fed_ += static_cast<std::size_t>(wrote);
            const bool later = wrote < 0 && (errno == EAGAIN || errno == EINTR);
            if (later) return;
            if (wrote < 0 || fed_ == spec_.input.size()) in_.reset(); // EPIPE: it does not want the rest
        }
    }
    void drain(UniqueFd& fd, std::string& text) {
        std::array<char, 16384> buffer;
        while (fd) {
            const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (got <= 0) {
                fd.reset();
                return;
            }
            const std::size_t room = spec_.output_limit - std::min(spec_.output_limit, text.size());
            text.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
            if (room < static_cast<std::size_t>(got)) result_.output_cut = true;
        }
    }

    const ProgramSpec& spec_;
    Clock::time_point started_;
    pid_t pid_ = -1;
    UniqueFd pidfd_, in_, out_, err_;
    std::size_t fed_ = 0;
    ProgramResult result_;
};

} // namespace

std::vector<char*> word_pointers(const std::vector<std::string>& words) {
    std::vector<char*> list;
    list.reserve(words.size() + 1);
    for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
    list.push_back(nullptr);
    return list;
}

std::optional<std::string> find_program(const std::string& name, std::string_view path) {
    while (!path.empty()) {
        const std::size_t end = path.find(':');
        std::string candidate = std::string{path.substr(0, end)} + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
        path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    }
    return std::nullopt;
}

ProgramResult run_program(const ProgramSpec& spec) { return std::move(run_programs({spec}, 1).front()); }

std::vector<ProgramResult> run_programs(const std::vector<ProgramSpec>& specs, std::size_t parallel) {
    std::vector<ProgramResult> results(specs.size());
    std::vector<std::pair<std::size_t, std::unique_ptr<RunningProgram>>> running;
    std::size_t next = 0;
    while (next < specs.size() || !running.empty()) {
        while (next < specs.size() && running.size() < std::max<std::size_t>(parallel, 1)) {
            const std::size_t index = next++;
            if (specs[index].deadline && Clock::now() >= *specs[index].deadline)
                results[index].timed_out = true;
            else
                running.emplace_back(index, std::make_unique<RunningProgram>(specs[index]));
        }
        if (running.empty()) break; // the rest was too late to be started
        std::vector<pollfd> waits = {{interrupt_fd(), POLLIN, 0}};
        int patience_ms = -1;
        for (const auto& [index, program] : running) {
            for (const pollfd& interest : program->interests()) waits.push_back(interest);
            if (const auto at = program->deadline()) {
                const auto left =
                    std::chrono::duration_cast<std::chrono::milliseconds>(*at - Clock::now()).count() + 1;
                const int bounded = static_cast<int>(std::clamp<long long>(left, 0, 60'000));
                patience_ms = patience_ms < 0 ? bounded : std::min(patience_ms, bounded);
            }
        }
        if (::poll(waits.data(), waits.size(), until_heartbeat(patience_ms)) < 0 && errno != EINTR)
            throw SysError{errno, "wait"};
        throw_if_interrupted();
        heartbeat();
        const auto now = Clock::now();
        std::erase_if(running, [&](auto& entry) {
            if (!entry.second->advance(now)) return false;
            results[entry.first] = entry.second->take();
            return true;
        });
    }
    return results;
}

} // namespace disco::sys
