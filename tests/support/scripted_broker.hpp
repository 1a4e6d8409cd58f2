#pragma once

#include "runner/border/broker.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/unique_fd.hpp"
#include "tests/support/throw_away.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::tests {

/// A broker whose machine is a script: it answers `ask WORD…` with "answer ask WORD…", and hangs, floods or
/// fails when that is the word. `order do|load`, `invoke`, `both` and `systemctl` are commands, too.
class BrokerTest : public ThrowAwayTest {
protected:
    void SetUp() override;
    void TearDown() override;

    /// In the place of the one there was.
    void start(border::Broker::Mode mode);
    /// The same, which nobody reaches before somebody listens at its socket.
    void make(border::Broker::Mode mode);
    [[nodiscard]] sockaddr_un address() const;
    /// Makes the calling process the one that listens.
    void listen() const;
    [[nodiscard]] sys::UniqueFd connect() const;

    static std::string request(policy::shim::Wish wish, const std::vector<std::string>& words,
                               const std::string& directory = "/", int verdict = policy::shim::no_verdict);
    /// While the broker hears: more than a socket holds may be sent.
    void send(const sys::UniqueFd& fd, std::string_view bytes);
    /// Lets the broker work until `fd` has something to read or is closed, at most so long.
    bool serve_until_readable(int fd, std::chrono::milliseconds patience = std::chrono::seconds{15});

    struct Heard {
        policy::shim::Reply::Kind kind = policy::shim::Reply::Kind::end;
        int exit = -1; ///< -1: it was hung up on
        std::string output, error;
    };
    Heard hear(const sys::UniqueFd& fd);
    Heard ask(policy::shim::Wish wish, const std::vector<std::string>& words,
              const std::string& directory = "/");
    Heard ask(const std::vector<std::string>& words) { return ask(policy::shim::Wish::guarded, words); }

    /// The same by a process that `become` has made another; its exit: the reply's, 99 when it was hung up
    /// on.
    template <class Become>
    int ask_as(Become become, policy::shim::Wish wish, const std::vector<std::string>& words) {
        const pid_t child = sys::check(::fork(), "fork");
        if (child == 0) {
            become();
            ask_and_exit(wish, words);
        }
        return serve_until_ended(child);
    }
    /// The exit of a child process, served meanwhile; -1 when a signal ended it.
    int serve_until_ended(pid_t child);

    [[nodiscard]] border::Broker& broker() { return *broker_; }
    [[nodiscard]] border::CalledCommands& called() { return called_; }
    void end_broker() { broker_.reset(); }
    /// The longest that the broker has worked at once.
    [[nodiscard]] std::chrono::steady_clock::duration longest() const { return longest_; }

private:
    [[noreturn]] void ask_and_exit(policy::shim::Wish wish, const std::vector<std::string>& words) const;

    std::optional<policy::GuardedCommands> commands_;
    border::CalledCommands called_;
    border::Allowance allowance_;
    std::optional<border::Broker> broker_;
    std::chrono::steady_clock::duration longest_{};
};

} // namespace disco::tests
