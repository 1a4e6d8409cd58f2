#pragma once

#include "runner/sys/program.hpp"

#include <string>
#include <vector>

// Faults in the middle of a program, by strace(1): at the N-th call of a kind the program is killed before
// the call, or the call fails. Its children are left alone.
namespace disco::tests {

/// One system call of a program's run that changes something.
struct ChangingCall {
    std::string name;
    std::size_t number = 0; ///< among the calls of that name, from 1
    std::string line;       ///< as strace shows it
};

/// The calls from the first one on whose line contains `from`.
[[nodiscard]] std::vector<ChangingCall> changing_calls(const std::vector<std::string>& words,
                                                       const std::string& from, const std::string& log);

/// Whether DISCO_TESTS_EVERY_POINT is in the environment: tests that take a sample of calls take all.
[[nodiscard]] bool every_point();

/// One of `every` calls, from the `first` on, and the last one; or all.
[[nodiscard]] std::vector<ChangingCall> sample_of(const std::vector<ChangingCall>& calls, std::size_t every,
                                                  std::size_t first = 0);

/// Runs a program with a fault at one call: "signal=KILL", "error=EIO".
[[nodiscard]] sys::ProgramResult run_with_fault(const std::vector<std::string>& words,
                                                const ChangingCall& call, const std::string& fault);

} // namespace disco::tests
