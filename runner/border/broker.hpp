#pragma once

#include "policy/guarded_commands.hpp"
#include "policy/shim_protocol.hpp"
#include "runner/border/called_commands.hpp"
#include "runner/border/host_command.hpp"
#include "runner/sys/unique_fd.hpp"

#include <map>
#include <string>
#include <vector>

namespace disco::border {

/// What a script asked for by a guarded command, in the order of asking.
struct Asked {
    enum class What {
        action,   ///< told in a no-op, queued in a live dance
        refused,  ///< by the policy
        unlisted, ///< a command that strict scripts may not run
        failure,  ///< of the program in argv[0], for the reason in argv[1], in words of the sandbox
    } what = What::action;
    std::vector<std::string> argv;
    model::ServiceMeaning meaning{}; ///< of an action
};

/// Answers the shims of one sandbox. Owns the listening socket; the sandbox's PID 1 gives it its name.
class Broker {
public:
    enum class Mode { noop, live };
    /// `commands` and `called` must outlive it. Throws SysError.
    Broker(const policy::GuardedCommands& commands, Host host, Mode mode, CalledCommands& called);

    /// Not yet bound: for PID 1 of the sandbox, which binds it and listens.
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }
    /// Becomes readable when there is something to do.
    [[nodiscard]] int fd() const noexcept { return events_.get(); }

    /// Does what is to do: hears shims, runs queries (waiting for them, up to their time-out), answers.
    /// Throws SysError, sys::Interrupted.
    void serve();

    /// What was asked since the last call.
    [[nodiscard]] std::vector<Asked> take();

private:
    struct Client {
        sys::UniqueFd fd;
        std::string heard;
    };
    void accept_all();
    void hear(int fd);
    void answer(Client& client, policy::shim::Wish wish, const std::vector<std::string>& argv);
    [[nodiscard]] std::string reply_to(int client, policy::shim::Wish wish,
                                       const std::vector<std::string>& argv);

    const policy::GuardedCommands& commands_;
    Host host_;
    Mode mode_;
    CalledCommands& called_;
    sys::UniqueFd socket_, events_;
    std::map<int, Client> clients_;
    std::vector<Asked> asked_;
};

} // namespace disco::border
