#pragma once

#include "tests/support/throw_away.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace disco::tests {

/// One of the two equal Debian machines, with systemd as process 1, that tests/booted/host boots in
/// containers.
enum class Machine {
    disco, ///< disco works here, on its `/`
    native ///< here the same lines run as they are
};

/// Base of the tests on booted machines. ctest boots them once for all these tests; a test program that is
/// run by itself boots them for itself. Tests share them, so each uses packages, units and files of its own,
/// and none counts on an order. Nothing of a test reaches this machine: its network, its clock and its
/// processes are others.
class BootedTest : public testing::Test {
protected:
    void SetUp() override;

    /// Runs bash lines there, as they are. Whoever starts something must end it.
    [[nodiscard]] static sys::ProgramResult run(Machine machine, const std::string& lines);
    /// What they print, and the exit code when it is not 0.
    [[nodiscard]] static std::string answer(Machine machine, const std::string& lines);
    /// As the outcome of a test: that they succeed.
    static void prepare(Machine machine, const std::string& lines);
    static void prepare_both(const std::string& lines);

    /// The same lines natively, and by disco with `--merge`; both must succeed. Returns disco's.
    static sys::ProgramResult do_on_both(const std::string& lines);
    /// That lines which look give the same answer on both, and returns it.
    static std::string expect_same(const std::string& lines);

    /// `disco exec` with these options, and bash lines as its command.
    [[nodiscard]] static sys::ProgramResult exec(const std::vector<std::string>& options,
                                                 const std::string& lines);
    /// `disco dance` with the universe of this test.
    [[nodiscard]] sys::ProgramResult dance(const std::vector<std::string>& options = {}) const;
    /// Any command of disco.
    [[nodiscard]] static sys::ProgramResult disco(const std::vector<std::string>& words);

    /// A file of module `module`, such as "files/etc/x", which the node wants.
    void module_file(const std::string& module, const std::string& path, std::string_view bytes,
                     mode_t mode = 0644) const;
    void script(const std::string& module, const std::string& name, std::string_view text) const {
        module_file(module, "scripts/" + name, text, 0755);
    }

    /// The report of the last run.
    [[nodiscard]] static nlohmann::json last_report();
    /// What the scripts of the last run, or the command of an exec, printed.
    [[nodiscard]] static std::string printed();
    /// What lines print, and the exit code when it is not 0, when they run in a no-op of disco.
    [[nodiscard]] static std::string answer_in_noop(const std::string& lines);
    /// "kind: text" of every notice of the last run, a line each.
    [[nodiscard]] static std::string notices();
    /// "outcome words" of every action of the last run.
    [[nodiscard]] static std::vector<std::string> actions();
    /// "kind path" of every change of the last run.
    [[nodiscard]] static std::vector<std::string> changes();

    /// Where its `/` is on this machine.
    [[nodiscard]] static std::filesystem::path root(Machine machine);

private:
    std::filesystem::path universe_; ///< as the machine sees it
};

} // namespace disco::tests
