#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disco::sys {

/// The operation cannot go on. Carries what was being done, innermost first; printed once, at the top.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
    void add_context(std::string line) { context_.push_back(std::move(line)); }
    [[nodiscard]] const std::vector<std::string>& context() const noexcept { return context_; }
    /// The message and its context on one line: "while A: while B: message".
    [[nodiscard]] std::string full_text() const;

private:
    std::vector<std::string> context_;
};

/// A failed system call: "cannot open '/x': No such file or directory".
/// `attempt` is a verb ("open"); `path` is shown with unprintable bytes escaped.
class SysError : public Error {
public:
    SysError(int code, std::string_view attempt, const std::filesystem::path& path = {});
    [[nodiscard]] int code() const noexcept { return code_; }

private:
    int code_;
};

/// A person or a program asked the process to end (exit 128 + signal).
class Interrupted : public Error {
public:
    explicit Interrupted(int signal);
    [[nodiscard]] int signal() const noexcept { return signal_; }

private:
    int signal_;
};

/// The settings, a module or another input is wrong (exit 78); trying again does not help.
class BadConfiguration : public Error {
public:
    using Error::Error;
};

/// The server or a lock is not to be had now (exit 75); trying again may help.
class TryAgain : public Error {
public:
    using Error::Error;
};

/// The command line is wrong (exit 64).
class UsageError : public Error {
public:
    using Error::Error;
};

/// Needs root (exit 77).
class NotRoot : public Error {
public:
    using Error::Error;
};

[[nodiscard]] std::string errno_text(int code);

/// Throws SysError with the current errno when `result` is negative; returns it otherwise.
template <class Result>
Result check(Result result, std::string_view attempt, const std::filesystem::path& path = {}) {
    if (result < 0) throw SysError{errno, attempt, path};
    return result;
}

/// Runs `work`; what it throws gains the context line `what`.
template <class Work> decltype(auto) while_doing(std::string what, Work&& work) {
    try {
        return std::forward<Work>(work)();
    } catch (Error& error) {
        error.add_context(std::move(what));
        throw;
    }
}

} // namespace disco::sys
