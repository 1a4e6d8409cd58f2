#pragma once

#include "runner/sandbox/egress_command.hpp"
#include "runner/sys/unique_fd.hpp"

#include <string>

#include <sys/types.h>

namespace disco::sandbox {

/// A program at work that connects a network namespace with the host's network.
///
/// Owns the process: it ends with the object, and when the parent dies. It is the child of a keeper, the
/// first process of a pid namespace, because the kernel forgets the signal for the parent's death when a
/// process changes its user or capabilities, as such programs do. Needs root.
class Egress {
public:
    /// Starts it and does not wait. `network_namespace` is borrowed for the time of the call. Throws
    /// SysError.
    Egress(EgressCommand command, int network_namespace);
    Egress(const Egress&) = delete;
    Egress& operator=(const Egress&) = delete;
    ~Egress();

    /// Returns when the namespace is connected, at once from the second time on. Throws sys::Error with what
    /// the program said when it has ended or takes too long, sys::Interrupted on Ctrl-C.
    void wait_until_ready();

    /// Kills it and does not wait: the kernel takes its time to let the network device go.
    void stop() const noexcept;

private:
    void hear();
    [[nodiscard]] bool has_ended() const;
    [[noreturn]] void fail(const char* what);
    EgressCommand command_;
    pid_t keeper_ = -1;
    sys::UniqueFd pidfd_, ready_, words_;
    bool is_ready_ = false;
    std::string said_;
};

} // namespace disco::sandbox
