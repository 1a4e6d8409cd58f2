#pragma once

#include <string>

// Ctrl-C and its kin. Handlers only note the signal; code that waits polls `interrupt_fd()`, and code between
// steps calls `throw_if_interrupted()`, so that every owner on the stack gives back what it holds.
namespace disco::sys {

/// Installs handlers for SIGINT, SIGTERM and SIGHUP, ignores SIGPIPE and no longer SIGCHLD. Once, at start,
/// before any thread.
void watch_interrupts();

/// Readable when a signal has arrived; -1 before `watch_interrupts`. Belongs to this module.
[[nodiscard]] int interrupt_fd() noexcept;

/// A signal has arrived, and no UninterruptedSection is alive.
[[nodiscard]] bool interrupted() noexcept;

/// Throws Interrupted when a signal has arrived, unless an UninterruptedSection is alive.
void throw_if_interrupted();

/// For people: "SIGKILL (Killed)".
[[nodiscard]] std::string signal_name(int signal);

/// While alive, signals wait: for the merge, which ends or is undone but is never left half-way.
class UninterruptedSection {
public:
    UninterruptedSection() noexcept;
    ~UninterruptedSection();
    UninterruptedSection(const UninterruptedSection&) = delete;
    UninterruptedSection& operator=(const UninterruptedSection&) = delete;
};

} // namespace disco::sys
