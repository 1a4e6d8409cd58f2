#include "runner/border/broker.hpp"
#include "runner/border/private_files.hpp"
#include "runner/model/already_true.hpp"
#include "runner/model/sysctl_file.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sysexits.h>

#include <fmt/format.h>

// What the broker says to a request that is whole.
namespace disco::border {
namespace {

using policy::GuardKind;
using policy::shim::Wish;
using What = policy::shim::Reply::What;

constexpr int refused = 1, no_such_command = 126;

std::size_t bytes_of(const Asked& asked) {
    std::size_t bytes = sizeof asked + asked.reason.size() + asked.context.directory.size();
    for (const std::string& word : asked.argv) bytes += word.size() + sizeof word;
    for (const std::string& variable : asked.context.environment) bytes += variable.size() + sizeof variable;
    if (asked.context.input) bytes += asked.context.input->size();
    return bytes;
}

std::string joined(const std::vector<std::string>& words) {
    std::string bytes;
    for (const std::string& word : words) bytes.append(word).push_back('\0');
    return bytes;
}

/// In messages to a script; the report has all of it.
std::string for_people(const std::vector<std::string>& argv) {
    constexpr std::size_t most = 1000, most_words = 200;
    const bool many = argv.size() > most_words;
    std::vector<std::string> words(argv.begin(), many ? argv.begin() + most_words : argv.end());
    bool cut = many;
    for (std::string& word : words)
        if (word.size() > most) {
            word.resize(most);
            cut = true;
        }
    std::string text = sys::quote_words(words);
    if (text.size() > most) {
        text.resize(most);
        cut = true;
    }
    return sys::printable_text(text) + (cut ? "…" : "");
}

/// On the machine itself, files that scripts make in /run are put in place before the actions.
RunDirectory run_directory(const Host& host) {
    return host.root == "/" ? RunDirectory::carried_over : RunDirectory::gone;
}

/// Of `disco-defer COMMAND…`: what is known of the command where it is a guarded one; it is run in any case.
policy::GuardDecision deferred(const policy::GuardedCommands& commands,
                               const std::vector<std::string>& words) {
    policy::GuardDecision decision;
    const std::string name = words[0].substr(words[0].rfind('/') + 1);
    if (commands.contains(name)) decision = commands.decide(words);
    if (!decision.known) decision.meaning = {model::ServiceVerb::anything, {}};
    decision.kind = GuardKind::action;
    decision.known = true;
    decision.reads_input = false;
    decision.action = words;
    return decision;
}

std::string used_up() {
    return fmt::format("a run keeps no more than {} requests and {} MiB of them until the merge",
                       Allowance::most_requests, Allowance::most_bytes >> 20U);
}

/// Of a question that is no root's: what root may see is not for others.
void take_back_roots_needs(std::set<policy::Need>& needs) {
    std::erase_if(needs, [](policy::Need need) { return need != policy::Need::bus; });
}

} // namespace

/// `client` may be gone when any of these returns: its answer is sent.
void Broker::answer(Client& client) {
    ShimRequest& request = client.request;
    if (request.wish == Wish::fail) {
        enter({Asked::What::failure, request.argv});
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
    client.words = for_people(words);
    if (request.wish == Wish::unlisted) {
        enter({Asked::What::unlisted, words});
        return reply(client, 0, {}, fmt::format("warning: Would execute: {}\n", client.words));
    }
    if (request.wish == Wish::guarded && !commands_.contains(words[0]))
        return reply(client, no_such_command, {}, "disco: not a guarded command\n");
    if (request.wish == Wish::defer) {
        client.decision = deferred(commands_, words);
    } else {
        client.decision = commands_.decide(words);
    }
    request.argv = std::move(words);
    policy::GuardDecision& decision = client.decision;
    if (decision.kind == GuardKind::refuse)
        return refuse(client, decision.known ? refused : EX_UNAVAILABLE, decision.reason);
    if (decision.kind == GuardKind::query) return answer_query(client, decision.meaning);
    if (!decision.action.empty())
        if (const std::string why = why_no_action(client); !why.empty()) return refuse(client, refused, why);
    if (ask_before_action(client)) return;
    if (decision.kind == GuardKind::action) {
        if (!decision.reads_input) return finish_action(client);
        client.more = true;
        client.out = print_reply(What::input, 0, {}, {});
        return send(client);
    }
    run_in_view(client, true);
}

/// What modules before have asked for, as if it had been asked for here.
void Broker::catch_up() {
    if (earlier_ == nullptr) return;
    for (; caught_up_ < earlier_->size(); ++caught_up_) {
        const model::Action& action = (*earlier_)[caught_up_];
        pending_.note(action.meaning, for_people(action.argv));
    }
}

std::vector<const model::Action*> Broker::earlier() const {
    std::vector<const model::Action*> all;
    if (earlier_ != nullptr)
        for (const model::Action& action : *earlier_) all.push_back(&action);
    for (const model::Action& action : queued_) all.push_back(&action);
    return all;
}

namespace {

/// Of a decision: the words, and what they mean.
model::Action action_of(const policy::GuardDecision& decision) {
    model::Action action;
    action.argv = decision.action;
    action.meaning = model::with_full_names(decision.meaning);
    return action;
}

/// `sysctl -p FILE` as the assignments that are in the file now, where the asking process sees it; else as it
/// is.
model::Action judged(const policy::GuardDecision& decision, const std::string& directory, int process) {
    model::Action action = action_of(decision);
    const auto files = model::files_loaded_by_sysctl(action.argv);
    const sys::UniqueFd root{
        ::open(fmt::format("/proc/{}/root", process).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!files || !root) return action;
    std::vector<std::string> words = {"sysctl", "-w"};
    for (const std::string& file : *files) try {
            const std::string path = file.starts_with('/') ? file : directory + "/" + file;
            const sys::UniqueFd text =
                sys::try_open_in_root(root.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
            constexpr std::size_t largest = std::size_t{1} << 20;
            const auto assignments =
                text ? model::assignments_of_sysctl_file(sys::read_all(text.get(), path, largest))
                     : std::nullopt;
            if (!assignments || assignments->empty()) return action;
            words.insert(words.end(), assignments->begin(), assignments->end());
        } catch (const sys::Error&) { // whatever it is, sysctl will say so
            return action;
        }
    action.argv = std::move(words);
    return action;
}

} // namespace

/// Whether what it asks for would change anything is asked of the machine, if that can be: false when not.
/// Another root has no running system to be asked.
bool Broker::ask_before_action(Client& client) {
    policy::GuardDecision& decision = client.decision;
    if (host_.root != "/" || decision.action.empty() || decision.reads_input) return false;
    client.judged = judged(decision, client.request.directory, client.peer.process);
    const auto words = model::question_before(client.judged, earlier());
    if (!words || !commands_.contains(words->front())) return false;
    policy::GuardDecision question = commands_.decide(*words);
    if (question.kind != GuardKind::query) return false;
    decision.query = std::move(question.query);
    decision.needs = std::move(question.needs);
    client.asks_before = true;
    client.state = Client::State::waiting;
    watch(client.fd.get(), EPOLLRDHUP, true);
    waiting_.push_back(client.fd.get());
    return true;
}

/// With the machine's answer, if there is one. Without it is an action.
void Broker::do_action(Client& client, const QuestionRun::Answer* answer) {
    client.asks_before = false;
    const bool needless = answer != nullptr && answer->exit == 0 &&
                          model::already_true(client.judged, earlier(), answer->output);
    if (client.decision.kind != GuardKind::action) return run_in_view(client, !needless);
    if (needless) return reply(client, 0, {}, {});
    finish_action(client);
}

void Broker::answer_query(Client& client, const model::ServiceMeaning& meaning) {
    // What was asked for before, and will be run after the merge, is not true of the machine yet.
    if (auto known = pending_.answer(meaning, client.decision.query)) {
        if (!known->refusal.empty()) return refuse(client, known->exit, known->refusal);
        return reply(client, known->exit, known->output, {});
    }
    if (client.peer.user != 0) take_back_roots_needs(client.decision.needs);
    client.state = Client::State::waiting;
    watch(client.fd.get(), EPOLLRDHUP, true);
    waiting_.push_back(client.fd.get());
}

/// Why what it asks for is not queued; empty: it is.
std::string Broker::why_no_action(const Client& client) const {
    if (client.peer.user != 0)
        return fmt::format(
            "user {} asked for it, and what is run on the machine after the merge is run by root: "
            "ask for it as root, with the user's part in it (runuser -u USER -- COMMAND)",
            client.peer.user);
    if (client.request.environment_cut)
        return fmt::format("its environment is larger than {} KiB", policy::shim::most_variable_bytes >> 10U);
    const auto gone = private_file(client.decision.action, client.request.directory, run_directory(host_),
                                   client.peer.process);
    if (gone)
        return fmt::format(
            "'{}' is in a directory of the sandbox's own, and will be gone when the command is "
            "run, after the merge: put the file elsewhere, such as below /var/lib or /root",
            sys::printable(*gone));
    return {};
}

/// The action of a request whose input is whole. False: the run may not keep more.
bool Broker::queue(Client& client, bool in_view) {
    const ShimRequest& request = client.request;
    const RunDirectory run = run_directory(host_);
    Asked asked{Asked::What::action, client.decision.action};
    // Of one that will be gone nothing is named, so it does not matter where the command runs: in '/', then.
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
    const std::string words = for_people(asked.argv);
    if (!enter(std::move(asked))) return false;
    queued_.push_back(action_of(client.decision));
    // Of a command that is not known at all nothing says that it has to do with what is asked later.
    if (client.request.wish == Wish::guarded || client.decision.meaning.verb != model::ServiceVerb::anything)
        pending_.note(client.decision.meaning, words);
    return true;
}

void Broker::finish_action(Client& client) {
    if (!queue(client, false)) return refuse(client, refused, used_up());
    reply(client, 0, {}, would(client.decision.action));
}

/// `needed`: its other half, the action, would change something.
void Broker::run_in_view(Client& client, bool needed) {
    const std::optional<CalledCommand>& called = client.called;
    // It was executed under this name, and not by a redirection: there is nothing that it stands for.
    if (!called) return reply(client, no_such_command, {}, "disco: not a guarded command\n");
    const policy::GuardDecision& decision = client.decision;
    if (!decision.action.empty() && needed) {
        if (!queue(client, true)) return refuse(client, refused, used_up());
        if (mode_ == Mode::noop) client.out = print_reply(What::say, 0, {}, would(decision.action));
    }
    std::string output = called->path;
    output.push_back('\0');
    if (!decision.view.empty() && decision.view != client.request.argv) output += joined(decision.view);
    called_.let_run(client.peer.process);
    client.out += print_reply(What::run, 0, output, joined(decision.environment));
    send(client);
}

void Broker::refuse(Client& client, int exit, std::string reason) {
    const std::string text = fmt::format("disco: {}: {}\n", client.words, reason);
    enter({Asked::What::refused, client.request.argv, std::move(reason)});
    reply(client, exit, {}, text);
}

void Broker::reply(Client& client, int exit, std::string_view output, std::string_view error) {
    client.out = print_reply(What::end, exit, output, error);
    client.more = false;
    client.state = Client::State::answering;
    send(client);
}

/// In a no-op nothing of it is going to happen, and who reads the output should know.
std::string Broker::would(const std::vector<std::string>& argv) const {
    if (mode_ == Mode::live) return {};
    return fmt::format("warning: Would execute: {}\n", for_people(argv));
}

/// False when the run may not keep more; that is told once.
bool Broker::enter(Asked asked) {
    if (allowance_.take(bytes_of(asked))) {
        asked_.push_back(std::move(asked));
        return true;
    }
    if (!std::exchange(told_of_allowance_, true))
        asked_.push_back(
            {Asked::What::refused, {"…"}, fmt::format("{}; all further ones were refused", used_up())});
    return false;
}

} // namespace disco::border
