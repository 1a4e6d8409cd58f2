#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::sandbox {

/// The programs that connect a network namespace with the host's network from user space; the first one that
/// is installed is taken.
enum class EgressKind { pasta, slirp4netns };
[[nodiscard]] const char* to_string(EgressKind kind); ///< its name as a program

struct EgressProgram {
    EgressKind kind = EgressKind::pasta;
    std::string path; ///< of the file
    friend bool operator==(const EgressProgram&, const EgressProgram&) = default;
};

/// The program to use, of those in the directories of a PATH; nothing when neither is there.
[[nodiscard]] std::optional<EgressProgram> find_egress_program(std::string_view path);

/// Where it takes questions for the host's own name server.
[[nodiscard]] const char* forwarder_of(EgressKind kind);

/// Descriptors that the program is started with. The standard ones, because it may close all others, and by
/// /proc/self/fd, because it may give up what it takes to look into another process.
namespace egress_fd {
constexpr int network = 0; ///< the network namespace to connect
constexpr int output = 1;
constexpr int error = 2;
constexpr int beyond = 3;
} // namespace egress_fd

struct EgressCommand {
    std::string path;
    std::vector<std::string> argv;
    std::vector<std::string> environment; ///< "NAME=value"
    /// Where it writes something when the namespace is connected; what else it prints is for people.
    int ready = egress_fd::output;
};

/// Pure. `forwarded`: questions for the host's name server are to be taken.
[[nodiscard]] EgressCommand make_egress_command(const EgressProgram& program, bool forwarded);

} // namespace disco::sandbox
