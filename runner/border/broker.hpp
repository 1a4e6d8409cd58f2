#pragma once

#include "policy/guarded_commands.hpp"
#include "runner/border/allowance.hpp"
#include "runner/border/called_commands.hpp"
#include "runner/border/host_command.hpp"
#include "runner/border/peer.hpp"
#include "runner/border/pending_state.hpp"
#include "runner/border/question_run.hpp"
#include "runner/border/shim_request.hpp"
#include "runner/model/run_report.hpp"
#include "runner/sys/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace disco::border {

/// Whether what such a question sees is for root alone, and so not shown to other users.
[[nodiscard]] constexpr bool is_roots(policy::Need need) noexcept {
    return need != policy::Need::bus && need != policy::Need::interfaces;
}

/// What a script asked for by a guarded command, in the order of asking.
struct GuardedRequest {
    enum class Kind {
        action,   ///< reported in a no-op, queued in a live dance
        refused,  ///< by the policy
        unlisted, ///< a command that strict scripts may not run
        failure,  ///< of the program in argv[0], for the reason in argv[1], in words of the sandbox
    } kind = Kind::action;
    std::vector<std::string> argv;
    std::string reason{};              ///< of refused: what is wrong, and what to write instead
    model::ActionContext context{};    ///< of action, as the next two
    model::ServiceMeaning meaning{};   ///< for services
    std::vector<std::string> covers{}; ///< directories, absolute, on which it mounts something
    model::ActionEffects effects{};
    bool in_view = false; ///< it has been run in the view, too
};

/// Answers the shims of one sandbox. Owns the listening socket; the sandbox's PID 1 gives it its name.
///
/// Whoever speaks to it is not trusted: a request is bounded in bytes and time, only processes of the sandbox
/// are heard at all, and users other than root may ask questions only. It never waits: a question to the
/// machine is a process of its own.
class Broker {
public:
    enum class Mode { noop, live };
    /// `commands`, `called` and `allowance` must outlive it. Throws SysError.
    Broker(const policy::GuardedCommands& commands, Host host, Mode mode, CalledCommands& called,
           Allowance& allowance);
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    /// The actions of the modules before, which are going to be run: the machine does not know of them yet,
    /// and they may become more until the first request. They must outlive it.
    void know_of(const std::vector<model::Action>& earlier) { earlier_ = &earlier; }

    /// Whether what is asked for from now on is going to be run: that of templates and checks is not, so that
    /// no answer depends on it.
    void count_actions(bool counted) { counts_actions_ = counted; }

    /// Not yet bound: for PID 1 of the sandbox, which binds it and listens.
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }
    /// Becomes readable when there is something to do.
    [[nodiscard]] int fd() const noexcept { return events_.get(); }

    /// Does what is to do now. Throws SysError.
    void serve();

    /// What was asked since the last call.
    [[nodiscard]] std::vector<GuardedRequest> take();

private:
    using Clock = std::chrono::steady_clock;
    struct Client {
        sys::UniqueFd fd;
        Peer peer;
        enum class State {
            hearing,       ///< its request is not whole yet
            waiting,       ///< for an answer of the machine
            hearing_input, ///< of an action
            answering,     ///< `out` is being sent
        } state = State::hearing;
        Clock::time_point deadline = Clock::time_point::max(); ///< of hearing
        std::string heard, input, out;
        bool more = false; ///< after `out` its input is heard
        ShimRequest request;
        policy::GuardDecision decision;
        std::string words; ///< for people
        std::unique_ptr<QuestionRun> question;
        std::optional<CalledCommand> called;
        model::Action judged;                ///< what the question is about
        std::optional<PacketCommand> packet; ///< of an action of iptables that may fail as the rules are
        bool asks_before = false;            ///< the question is whether its action is true already
        bool asks_related = false;           ///< the same of units that it would start or stop, too
    };
    using Clients = std::map<int, Client>;

    void accept_all();
    bool receive(Client& client);
    void hear(Client& client);
    void hear_input(Client& client);
    void send(Client& client);
    void watch(int fd, std::uint32_t events, bool known);
    void close(int fd);
    void keep_time();
    void set_timer();

    void start_questions();
    void advance_question(Client& client);

    // broker_answers.cpp
    void answer(Client& client);
    void answer_query(Client& client);
    void run_in_view(Client& client, bool needed);
    void let_decide(Client& client);
    void finish_action(Client& client);
    [[nodiscard]] std::string queue(Client& client, bool in_view);
    [[nodiscard]] std::string why_no_action(const Client& client) const;
    void refuse(Client& client, int exit, std::string reason);
    void reply(Client& client, int exit, std::string_view output, std::string_view error);
    [[nodiscard]] std::string would(const std::vector<std::string>& argv) const;
    bool enter(GuardedRequest asked);

    // broker_pending.cpp
    void catch_up();
    [[nodiscard]] std::vector<const model::Action*> earlier() const;
    [[nodiscard]] model::Action action_of(const Client& client) const;
    void name_programs(model::Action& action, const Peer& peer) const;
    static void name_real_mounts(model::Action& action, const Peer& peer);
    [[nodiscard]] model::ServiceMeaning with_real_names(model::ServiceMeaning meaning,
                                                        const Peer& peer) const;
    bool ask_before_action(Client& client);
    bool ask_of_machine(Client& client, const std::vector<std::string>& words);
    bool ask_of_related(Client& client, const QuestionRun::Answer& answer);
    [[nodiscard]] bool changes_unit_files(const Client& client) const;
    [[nodiscard]] bool has_no_systemd(const Client& client) const;
    bool fails_natively(Client& client, Presence presence);
    void do_action(Client& client, const QuestionRun::Answer* answer);
    bool answer_from_pending(Client& client);
    [[nodiscard]] std::optional<PendingAnswer> answer_from_unit_files(const PendingQuestion& question,
                                                                      const Peer& peer) const;

    const policy::GuardedCommands& commands_;
    Host host_;
    Mode mode_;
    CalledCommands& called_;
    Allowance& allowance_;
    sys::UniqueFd socket_, events_, timer_;
    bool accepting_ = true;
    Clients clients_;
    std::map<int, int> questioners_; ///< descriptor of a question → its client
    std::deque<int> waiting_;        ///< clients whose question is not asked yet
    const std::vector<model::Action>* earlier_ = nullptr;
    std::size_t caught_up_ = 0;         ///< with so many of them
    std::vector<model::Action> queued_; ///< the client's own, words and meaning
    PendingState pending_;
    std::vector<GuardedRequest> asked_;
    bool counts_actions_ = true;
    bool told_of_allowance_ = false;
};

} // namespace disco::border
