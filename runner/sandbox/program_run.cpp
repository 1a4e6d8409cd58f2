#include "runner/sandbox/launch.hpp"
#include "runner/sandbox/notifier.hpp"
#include "runner/sandbox/output_collector.hpp"
#include "runner/sandbox/protocol.hpp"
#include "runner/sandbox/readers.hpp"
#include "runner/sandbox/sandbox.hpp"
#include "runner/sandbox/terminal_relay.hpp"
#include "runner/sandbox/watch.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/heartbeat.hpp"
#include "runner/sys/interrupt.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

// Sandbox::run and run_together: the parent's side of programs at work.
namespace disco::sandbox {
namespace {

using Clock = std::chrono::steady_clock;
using EndKind = ProgramEnd::Kind;

} // namespace

/// Waits for the ends of some programs while passing their output on and watching that they stay within
/// bounds.
class Sandbox::Runner {
public:
    using Sink = std::function<void(std::size_t, std::string_view)>;

    Runner(Sandbox& sandbox, std::size_t first, std::size_t count, const Sink& sink)
        : sandbox_{sandbox},
          sink_{sink},
          started_{Clock::now()},
          watch_{sandbox.root_.get(), sandbox.pid_, sandbox.spec_.layers_directory} {
        for (std::size_t i = 0; i < count; ++i)
            runs_.push_back({sandbox.spec_.programs.at(first + i), sandbox.lanes_.at(i)});
        first_ = first;
        for (Run& run : runs_)
            if (run.program.output == Program::Output::terminal)
                relay_.emplace(sandbox.spec_.terminal, sandbox.terminal_.get(),
                               [&run](std::string_view bytes) { run.output.append(bytes); });
    }

    std::vector<ProgramEnd> run(const std::function<void()>& meanwhile) {
        if (!sandbox_.control_)
            throw sys::Error{"the sandbox has ended, so no further program can run in it"};
        sandbox_.order(Order::run, first_, runs_.size(), unheard());
        meanwhile_ = meanwhile;
        const bool ended = wait_until([](const Message& message) { return message.last != 0; });
        if (meanwhile_) do_meanwhile();
        if (!ended) return finish_dead();
        if (message_.others != 0) {
            if (!wait_for_readers()) return finish_dead();
            sandbox_.order(Order::kill_others, 0);
            const auto killed = [](const Message& message) {
                return message.kind == Message::Kind::others_killed;
            };
            if (!wait_until(killed)) return finish_dead();
        }
        if (!watched()) return finish_dead();
        return finish();
    }

private:
    struct Run {
        const Program& program;
        const Lane& lane;
        bool ended = false;
        ProgramEnd end{};
        OutputCollector output{};
        std::unique_ptr<Notifier> notifier{};
    };

    /// The lanes, a bit each, whose program is no guarded command: the parent need not hear its exec. To hear
    /// one takes two more switches between processes, and the next program is only started when this exec is
    /// done.
    [[nodiscard]] std::uint32_t unheard() const {
        std::uint32_t lanes = 0;
        for (std::size_t lane = 0; lane < runs_.size(); ++lane)
            if (runs_[lane].program.unheard(sandbox_.root_.get())) lanes |= 1U << lane;
        return lanes;
    }

    /// False when a program had to be stopped or PID 1 died; the ends then say why.
    bool wait_until(bool (*wanted)(const Message&)) {
        for (;;) {
            const Turn turn = take_turn(-1);
            if (turn == Turn::stopped) return false;
            if (turn == Turn::message && wanted(message_)) return true;
        }
    }

    /// Who reads what the programs have printed gets the time to do so; who is left then is named. False as
    /// above.
    bool wait_for_readers() {
        ReadersPatience patience;
        const ino_t input = sandbox_.input_ ? sandbox_.input_->inode() : 0;
        const auto limit = runs_.back().program.timeout;
        for (;;) {
            const Remaining remaining = look_at_remaining(sandbox_.root_.get(), input);
            const auto now = Clock::now();
            if (!patience.lasts(remaining, printed_, now) || (limit && now - started_ >= *limit)) {
                runs_.back().end.left_running = watch_.command_lines(remaining.processes);
                return true;
            }
            if (take_turn(10) == Turn::stopped) return false;
        }
    }

    enum class Turn { nothing, message, stopped };
    /// Waits for something to be done, `limit` milliseconds at most (-1: for ever), and does it.
    Turn take_turn(int limit) {
        std::vector<pollfd> waits = {{sandbox_.control_.get(), POLLIN, 0},
                                     {sys::interrupt_fd(), POLLIN, 0},
                                     {sandbox_.spec_.attendant.fd, POLLIN, 0}};
        const std::size_t first_calls = waits.size() + 2;
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            waits.push_back({must_wait(i) ? -1 : runs_[i].lane.output.get(), POLLIN, 0});
            waits.push_back({runs_[i].lane.standard_output.get(), POLLIN, 0});
            waits.push_back({runs_[i].notifier ? runs_[i].notifier->unattended() : -1, POLLIN, 0});
        }
        if (sandbox_.spec_.outlet != nullptr) waits.push_back(sandbox_.spec_.outlet->wait());
        if (relay_)
            for (const pollfd& wait : relay_->waits()) waits.push_back(wait);
        if (sandbox_.input_)
            for (const pollfd& wait : sandbox_.input_->waits()) waits.push_back(wait);
        const std::size_t log = waits.size();
        waits.push_back({sandbox_.log_.socket(), POLLIN, 0});
        const int ready = ::poll(waits.data(), waits.size(), sys::until_heartbeat(patience_ms(limit)));
        if (ready < 0 && errno != EINTR) throw sys::SysError{errno, "wait for the sandbox"};
        sys::throw_if_interrupted();
        sys::heartbeat();
        for (std::size_t i = 0; i < runs_.size(); ++i)
            if (runs_[i].notifier) runs_[i].notifier->attend(waits[first_calls + 3 * i].revents);
        if (sandbox_.spec_.outlet != nullptr) sandbox_.spec_.outlet->serve();
        (void)drain();
        if (relay_) relay_->serve();
        if (sandbox_.input_) sandbox_.input_->serve();
        if (waits[2].revents != 0) sandbox_.spec_.attendant.serve();
        if (waits[log].revents != 0) sandbox_.log_.drain();
        if (waits[0].revents != 0) {
            sys::UniqueFd descriptor;
            if (!sandbox_.receive(message_, descriptor))
                return watched() && stop(nullptr, EndKind::sandbox_died) ? Turn::nothing : Turn::stopped;
            if (message_.kind == Message::Kind::listens) hear_calls(std::move(descriptor));
            if (message_.kind == Message::Kind::ended) note_end();
            if (message_.kind == Message::Kind::setup_failed) note_not_started();
            if (meanwhile_ && started()) do_meanwhile();
            return Turn::message;
        }
        return within_bounds() ? Turn::nothing : Turn::stopped;
    }

    bool within_bounds() {
        for (const Run& run : runs_)
            if (run.end.standard_output.size() > run.program.standard_output_limit)
                return stop(&run, EndKind::too_much_output);
        const auto now = Clock::now();
        if (!watch_.has_begun() && now >= started_ + Watch::interval) watch_.begin();
        for (const Run& run : runs_)
            if (!run.ended && run.program.timeout && now - started_ >= *run.program.timeout)
                return watched() && stop(&run, EndKind::timed_out);
        return true;
    }

    /// Ends the watch. False when it has killed the sandbox; the ends then say why.
    bool watched() {
        switch (watch_.end()) {
        case Watch::Verdict::fine: return true;
        case Watch::Verdict::too_many_tasks: return stop(nullptr, EndKind::too_many_tasks);
        case Watch::Verdict::scratch_nearly_full: return stop(nullptr, EndKind::scratch_full);
        }
        return true; // not reached: -Wswitch guards the list
    }

    /// At most `limit`; -1: for ever.
    [[nodiscard]] int patience_ms(int limit) const {
        auto until = Clock::time_point::max();
        if (limit >= 0) until = Clock::now() + std::chrono::milliseconds{limit};
        if (!watch_.has_begun()) until = std::min(until, started_ + Watch::interval);
        for (const Run& run : runs_)
            if (!run.ended && run.program.timeout) until = std::min(until, started_ + *run.program.timeout);
        const int input = sandbox_.input_ ? sandbox_.input_->patience_ms() : -1;
        if (input >= 0) until = std::min(until, Clock::now() + std::chrono::milliseconds{input});
        if (until == Clock::time_point::max()) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        constexpr std::int64_t longest = std::numeric_limits<int>::max();
        return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, longest));
    }

    Run& run_of(const Message& message) { return runs_.at(static_cast<std::size_t>(message.lane)); }

    void hear_calls(sys::UniqueFd listener) {
        Run& run = run_of(message_);
        const bool own_users = sandbox_.spec_.user_namespace >= 0;
        run.notifier = std::make_unique<Notifier>(std::move(listener), sandbox_.root_.get(),
                                                  own_users ? DevicesBy::parent : DevicesBy::kernel,
                                                  run.program.answer, run.program.exec);
    }

    [[nodiscard]] bool started() const {
        return std::all_of(runs_.begin(), runs_.end(),
                           [](const Run& run) { return run.notifier != nullptr || run.ended; });
    }

    void do_meanwhile() {
        for (Run& run : runs_)
            if (run.notifier) run.notifier->begin(); // no exec waits for it
        std::exchange(meanwhile_, {})();
    }

    static void end_hearing(Run& run) {
        if (!run.notifier) return;
        for (AnsweredCall& call : run.notifier->take()) run.end.calls.push_back(std::move(call));
        run.notifier.reset();
    }

    void note_end() {
        Run& run = run_of(message_);
        run.ended = true;
        run.end.wall_s = seconds();
        run.end.usage = model::resource_usage(message_.usage);
        if (run.end.how == EndKind::not_started) return;
        run.end.exit = WIFEXITED(message_.status) ? WEXITSTATUS(message_.status) : 0;
        run.end.signal = WIFSIGNALED(message_.status) ? WTERMSIG(message_.status) : 0;
        run.end.how = run.end.signal != 0 ? EndKind::signalled : EndKind::exited;
    }

    void note_not_started() {
        for (std::size_t lane = 0; lane < runs_.size(); ++lane) {
            if (message_.lane >= 0 && static_cast<std::size_t>(message_.lane) != lane) continue;
            runs_[lane].end.how = EndKind::not_started; // without a lane PID 1 itself has failed, and is gone
            runs_[lane].end.failure = explain_start_failure(message_, runs_[lane].program);
        }
    }

    /// Notes why a program is stopped, or all of them. The whole sandbox goes, so the others are stopped,
    /// too. When it goes in the moment after their ends, they are what it goes for.
    bool stop(const Run* culprit, EndKind how) {
        const bool none_left =
            std::all_of(runs_.begin(), runs_.end(), [](const Run& run) { return run.ended; });
        for (Run& run : runs_)
            if (none_left || (!run.ended && run.end.how != EndKind::not_started) || &run == culprit)
                run.end.how = culprit == nullptr || &run == culprit ? how : EndKind::stopped_too;
        return false;
    }

    enum class Draining { some, nothing };

    /// A piece from each program, so that one that never stops printing keeps nobody from being looked after.
    Draining drain() {
        Draining drained = Draining::nothing;
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            if (!must_wait(i)) {
                const std::string_view bytes = read_some(runs_[i].lane.output);
                runs_[i].output.append(bytes);
                printed_ += bytes.size();
                if (!bytes.empty()) drained = Draining::some;
                if (i == heard_ && !bytes.empty()) sink_(i, bytes);
                if (i == heard_ && bytes.empty() && runs_[i].ended && i + 1 < runs_.size()) hear_next();
            }
            ProgramEnd& end = runs_[i].end;
            if (end.standard_output.size() > runs_[i].program.standard_output_limit) continue;
            const std::string_view value = read_some(runs_[i].lane.standard_output);
            if (!value.empty()) drained = Draining::some;
            if (runs_[i].program.output == Program::Output::separate) end.standard_output.append(value);
        }
        return drained;
    }

    /// What it prints stays in its pipe until there is room for it.
    [[nodiscard]] bool must_wait(std::size_t program) const {
        const sys::PatientWriter* outlet = sandbox_.spec_.outlet;
        return program == heard_ && outlet != nullptr && outlet->full() && !none_left_;
    }

    /// What is there, valid until the next call.
    std::string_view read_some(const sys::UniqueFd& from) {
        const ssize_t got = ::read(from.get(), buffer_.data(), buffer_.size());
        return {buffer_.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }

    /// The next program's turn: what it has printed so far, and from now on as it comes.
    void hear_next() {
        ++heard_;
        if (const std::string text = runs_[heard_].output.text(); !text.empty()) sink_(heard_, text);
    }

    /// The kernel kills every process of the namespace with its PID 1.
    std::vector<ProgramEnd> finish_dead() {
        (void)watch_.end(); // before anybody reaps what it would kill
        sandbox_.close();
        for (Run& run : runs_) {
            if (!run.ended) run.end.wall_s = seconds();
            run.ended = true;
        }
        return finish();
    }

    std::vector<ProgramEnd> finish() {
        none_left_ = true; // who could write, so the pipes hold what they hold
        while (drain() == Draining::some) {}
        if (relay_) relay_->finish();
        if (sandbox_.input_) sandbox_.input_->give_back();
        std::vector<ProgramEnd> ends;
        for (Run& run : runs_) {
            end_hearing(run);
            run.end.output = run.output.text();
            ends.push_back(std::move(run.end));
        }
        return ends;
    }

    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(Clock::now() - started_).count();
    }

    Sandbox& sandbox_;
    const Sink& sink_;
    Clock::time_point started_;
    Watch watch_;
    Message message_;
    std::function<void()> meanwhile_; ///< empty once it was called
    std::vector<Run> runs_;
    std::optional<TerminalRelay> relay_; ///< for the one that has a terminal
    std::size_t first_ = 0;
    std::size_t heard_ = 0; ///< whose output goes to the sink
    bool none_left_ = false;
    std::uint64_t printed_ = 0; ///< bytes
    std::array<char, 65536> buffer_;
};

std::vector<ProgramEnd> Sandbox::run_together(std::size_t first, std::size_t count,
                                              const std::function<void(std::size_t, std::string_view)>& sink,
                                              const std::function<void()>& meanwhile) {
    return Runner{*this, first, count, sink}.run(meanwhile);
}

ProgramEnd Sandbox::run(std::size_t index, const OutputSink& sink, const std::function<void()>& meanwhile) {
    auto ends = run_together(
        index, 1, [&](std::size_t, std::string_view bytes) { sink(bytes); }, meanwhile);
    return std::move(ends.front());
}

} // namespace disco::sandbox
