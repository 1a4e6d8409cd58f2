#include "policy/walls.hpp"
#include "runner/border/broker.hpp"
#include "runner/border/named_action.hpp"
#include "runner/border/private_files.hpp"
#include "runner/border/systemd_runs.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/shown_words.hpp"

#include <algorithm>
#include <utility>

#include <sys/epoll.h>
#include <sysexits.h>

#include <fmt/format.h>

// What the broker says to a request that is whole.
namespace disco::border {
namespace {

using policy::GuardKind;
using policy::Wall;
using policy::wall_stands;
using policy::shim::Wish;
using ReplyKind = policy::shim::Reply::Kind;

constexpr int refused = 1, no_such_command = 126;

std::size_t bytes_of(const GuardedRequest& asked) {
    std::size_t bytes = sizeof asked + asked.reason.size() + asked.context.directory.size();
    for (const std::string& word : asked.argv) bytes += word.size() + sizeof(std::string);
    for (const std::string& variable : asked.context.environment)
        bytes += variable.size() + sizeof(std::string);
    if (asked.context.input) bytes += asked.context.input->size();
    return bytes;
}

std::string joined(const std::vector<std::string>& words) {
    std::string bytes;
    for (const std::string& word : words) bytes.append(word).push_back('\0');
    return bytes;
}

/// On the machine itself, files that scripts make in /run are put in place before the actions.
RunDirectory run_directory(const Host& host) {
    return host.root == "/" ? RunDirectory::carried_over : RunDirectory::gone;
}

std::string used_up() {
    return fmt::format("a run keeps no more than {} requests and {} MiB of them until the merge",
                       Allowance::most_requests, Allowance::most_bytes >> 20U);
}

} // namespace

/// `client` may be gone when any of these returns: its answer is sent.
void Broker::answer(Client& client) {
    ShimRequest& request = client.request;
    if (request.wish == Wish::fail) {
        enter({GuardedRequest::Kind::failure, request.argv});
        return reply(client, 0, {}, {});
    }
    catch_up();
    std::vector<std::string> words = request.argv;
    std::optional<CalledCommand>& called = client.called;
    if (request.wish != Wish::defer)
        words[0] = words[0].substr(words[0].rfind('/') + 1); // the shim's own name
    if (request.wish == Wish::guarded) called = called_.find(client.peer.process);
    if (called) {
        const std::vector<std::string> own =
            called->words.empty() ? std::vector{called->name} : called->words;
        words.erase(words.begin());
        words.insert(words.begin(), own.begin(), own.end());
        words[0] = called->name;
    }
    client.words = sys::shown_words(words);
    if (request.wish == Wish::unlisted) {
        enter({GuardedRequest::Kind::unlisted, words});
        return reply(client, 0, {}, fmt::format("warning: Would execute: {}\n", client.words));
    }
    if (request.wish == Wish::guarded && !commands_.contains(words[0]))
        return reply(client, no_such_command, {}, "disco: not a guarded command\n");
    if (request.wish == Wish::defer) {
        client.decision = decision_to_defer(commands_, words);
    } else {
        client.decision = commands_.decide(words);
    }
    request.argv = std::move(words);
    policy::GuardDecision& decision = client.decision;
    if (decision.kind == GuardKind::refuse)
        return refuse(client, decision.known ? refused : EX_UNAVAILABLE, decision.reason);
    if (answer_from_pending(client)) return;
    if (decision.kind == GuardKind::query) return answer_query(client);
    if (!decision.action.empty())
        if (const std::string why = why_no_action(client); !why.empty()) return refuse(client, refused, why);
    if (called && !decision.decides.empty()) {
        if (!request.verdict) return let_decide(client);
        if (!decision.goes_on.contains(*request.verdict)) return run_in_view(client, false);
    }
    if (has_no_systemd(client)) {
        // All of it: what it does to files, and how it fails after that.
        decision.view.clear();
        decision.environment.clear();
        if (is_in_chroot()) decision.environment = {"SYSTEMD_OFFLINE=1"};
        return run_in_view(client, false);
    }
    if (ask_before_action(client)) return;
    if (decision.kind == GuardKind::action) {
        if (!decision.reads_input) return finish_action(client);
        client.more = true;
        client.out = print_reply(ReplyKind::input, 0, {}, {});
        return send(client);
    }
    run_in_view(client, true);
}

void Broker::answer_query(Client& client) {
    if (client.peer.user != 0 && wall_stands(Wall::broker_user))
        std::erase_if(client.decision.needs, is_roots);
    client.state = Client::State::waiting;
    watch(client.fd.get(), EPOLLRDHUP, true);
    waiting_.push_back(client.fd.get());
}

/// Why what it asks for is not queued; empty: it is.
std::string Broker::why_no_action(const Client& client) const {
    if (client.peer.user != 0 && wall_stands(Wall::broker_user))
        return fmt::format(
            "user {} asked for it, and what is run on the machine after the merge is run by root: "
            "ask for it as root, with the user's part in it (runuser -u USER -- COMMAND)",
            client.peer.user);
    if (client.request.environment_cut)
        return fmt::format("its environment is larger than {} KiB", policy::shim::most_variable_bytes >> 10U);
    try {
        const auto gone = private_file(client.decision.action, client.request.directory, run_directory(host_),
                                       client.peer.process);
        if (gone)
            return fmt::format(
                "'{}' is in a directory of the sandbox's own, and will be gone when the command is "
                "run, after the merge: put the file elsewhere, such as below /var/lib or /root",
                sys::printable(*gone));
    } catch (const sys::SysError& error) {
        return fmt::format("whether its files will be gone after the merge is not known: {}", error.what());
    }
    return {};
}

/// The action of a request whose input is whole. Why it cannot be; empty: it is.
std::string Broker::queue(Client& client, bool in_view) {
    // Whatever has let it come this far.
    if (client.peer.user != 0 && wall_stands(Wall::broker_gate))
        return "only what root asks for is run on the machine";
    const ShimRequest& request = client.request;
    const RunDirectory run = run_directory(host_);
    GuardedRequest asked{GuardedRequest::Kind::action, client.decision.action};
    // The command names nothing in a directory that will be gone, so it does not matter where it runs: in
    // '/', then.
    if (!request.directory.empty() && !is_private(request.directory, run))
        asked.context.directory = request.directory;
    asked.context.umask = request.umask;
    asked.context.environment = action_environment(request.environment);
    if (client.decision.reads_input) asked.context.input = std::exchange(client.input, {});
    asked.meaning = client.decision.meaning;
    for (const std::string& covered : client.decision.covers)
        for (std::string& path : paths_meant(covered, request.directory))
            asked.covers.push_back(std::move(path));
    asked.in_view = in_view;
    model::Action action = action_of(client);
    action.covers = asked.covers;
    name_programs(action, client.peer);
    name_real_mounts(action, client.peer);
    asked.effects = action.effects;
    const std::string words = sys::shown_words(asked.argv);
    if (!enter(std::move(asked))) return used_up();
    if (!counts_actions_) return {};
    // When nothing is known of a command, nothing says that it has to do with what is asked later.
    if (client.request.wish == Wish::guarded || !action.effects.changes.empty()) pending_.note(action, words);
    queued_.push_back(std::move(action));
    return {};
}

void Broker::finish_action(Client& client) {
    if (const std::string why = queue(client, false); !why.empty()) return refuse(client, refused, why);
    reply(client, 0, {}, would(client.decision.action));
}

/// `needed`: its other half, the action, would change something.
void Broker::run_in_view(Client& client, bool needed) {
    const std::optional<CalledCommand>& called = client.called;
    // It was executed under this name, and not by a redirection: there is nothing that it stands for.
    if (!called) return reply(client, no_such_command, {}, "disco: not a guarded command\n");
    const policy::GuardDecision& decision = client.decision;
    if (!decision.action.empty() && needed) {
        if (const std::string why = queue(client, true); !why.empty()) return refuse(client, refused, why);
        if (mode_ == Mode::noop) client.out = print_reply(ReplyKind::say, 0, {}, would(decision.action));
    }
    std::string output = called->path;
    output.push_back('\0');
    if (!decision.view.empty() && decision.view != client.request.argv) output += joined(decision.view);
    called_.let_run(client.peer.process);
    client.out += print_reply(ReplyKind::run, 0, output, joined(decision.environment));
    send(client);
}

/// What it decides by, such as the links that enable a unit, is now as the script has made it, and may be
/// otherwise after the merge.
void Broker::let_decide(Client& client) {
    std::string output = client.called->path;
    output.push_back('\0');
    client.out = print_reply(ReplyKind::decide, 0, output + joined(client.decision.decides), {});
    send(client);
}

void Broker::refuse(Client& client, int exit, std::string reason) {
    const std::string text = fmt::format("disco: {}: {}\n", client.words, reason);
    enter({GuardedRequest::Kind::refused, client.request.argv, std::move(reason)});
    reply(client, exit, {}, text);
}

void Broker::reply(Client& client, int exit, std::string_view output, std::string_view error) {
    client.out = print_reply(ReplyKind::end, exit, output, error);
    client.more = false;
    client.state = Client::State::answering;
    send(client);
}

/// In a no-op nothing of it is going to happen, and who reads the output should know.
std::string Broker::would(const std::vector<std::string>& argv) const {
    if (mode_ == Mode::live) return {};
    return fmt::format("warning: Would execute: {}\n", sys::shown_words(argv));
}

/// False when the run may not keep more; that is reported once.
bool Broker::enter(GuardedRequest asked) {
    if (allowance_.take(bytes_of(asked)) || !wall_stands(Wall::broker_bounds)) {
        asked_.push_back(std::move(asked));
        return true;
    }
    if (!std::exchange(told_of_allowance_, true))
        asked_.push_back({GuardedRequest::Kind::refused,
                          {"…"},
                          fmt::format("{}; all further ones were refused", used_up())});
    return false;
}

} // namespace disco::border
