#pragma once

#include <cerrno>
#include <initializer_list>
#include <string>
#include <vector>

// The escape payload: one static program with many attempts to get out of the sandbox that it runs in. Each
// is made in a child of its own, with a time-out. Attempts stay harmless when they succeed.
namespace escape {

/// What an attempt came to.
struct Verdict {
    bool escaped = false;
    std::string how; ///< what has been reached, or what stopped it
};

[[nodiscard]] Verdict got_through(std::string how);
[[nodiscard]] Verdict held(std::string why);
[[nodiscard]] Verdict held_by_errno(int error = errno);
/// This kernel or machine lacks what the attempt is about.
[[nodiscard]] Verdict absent(std::string what);

/// Of a system call that got through when it returns 0 or more.
[[nodiscard]] Verdict by_result(long result);
/// Of a call with arguments that the kernel must object to, so that nothing happens: it got through when the
/// kernel looked at them, and was held when it was refused before.
[[nodiscard]] Verdict by_refusal(long result);
/// The first that got through; else the last.
[[nodiscard]] Verdict first_escape(const std::vector<Verdict>& verdicts);

/// Opens and closes; by_result of it.
[[nodiscard]] Verdict by_open(const std::string& path, int flags);

/// What the test has put outside for the attempts to find: the words of /escape/config, "NAME VALUE" lines.
[[nodiscard]] std::string setting(const std::string& name);
[[nodiscard]] long number_setting(const std::string& name);

/// Where attempts may write in every profile.
inline constexpr const char* scratch = "/tmp/escape";

struct Attempt {
    const char* name;
    Verdict (*make)();
};
using Attempts = std::vector<Attempt>;

// One list for each group of the table in tests/escape/attempts.cpp.
[[nodiscard]] Attempts file_attempts();       // A
[[nodiscard]] Attempts mount_attempts();      // B
[[nodiscard]] Attempts namespace_attempts();  // C
[[nodiscard]] Attempts device_attempts();     // D
[[nodiscard]] Attempts kernel_attempts();     // E
[[nodiscard]] Attempts call_attempts();       // F
[[nodiscard]] Attempts other_abi_attempts();  // F, by the 32-bit ABIs
[[nodiscard]] Attempts ipc_attempts();        // G
[[nodiscard]] Attempts shell_attempts();      // H
[[nodiscard]] Attempts resource_attempts();   // I
[[nodiscard]] Attempts broker_attempts();     // L
[[nodiscard]] Attempts descriptor_attempts(); // M
[[nodiscard]] Attempts outsider_attempts();   // N

} // namespace escape
