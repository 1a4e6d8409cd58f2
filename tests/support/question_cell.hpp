#pragma once

#include "runner/sys/program.hpp"
#include "runner/sys/unique_fd.hpp"
#include "tests/support/throw_away.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace disco::tests {

/// A machine with what a question to it must not reach: files that everybody may write, sockets that
/// everybody may speak to, IPC, secrets. tests/payloads/cell tries all of it.
class QuestionCellTest : public ThrowAwayTest {
protected:
    void SetUp() override;
    void TearDown() override;

    /// Where everybody may write, if no wall stands before it.
    [[nodiscard]] static std::filesystem::path open_place() { return "/srv"; }
    [[nodiscard]] static std::filesystem::path payload() { return open_place() / "payload"; }

    /// Runs a command in a cell of "/". `without`: walls that are taken down, with commas between; then it is
    /// by the program with switches.
    static sys::ProgramResult ask(const std::vector<std::string>& options,
                                  const std::vector<std::string>& command, const std::string& without = "");

    struct Result {
        bool escaped = false;
        std::string how;
    };
    /// All attempts, or those named.
    std::map<std::string, Result> attempt(std::vector<std::string> options,
                                          const std::vector<std::string>& names = {},
                                          const std::string& without = "");

private:
    static void be_alone();
    void listen();
    std::vector<sys::UniqueFd> sockets_;
    void start_daemon();
    pid_t daemon_ = -1; ///< stands for docker's
    int shared_memory_ = -1, messages_ = -1, semaphores_ = -1;
};

} // namespace disco::tests
