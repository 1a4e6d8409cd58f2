#include "runner/border/broker.hpp"
#include "runner/border/changed_units.hpp"
#include "runner/border/loaded_settings.hpp"
#include "runner/border/systemd_runs.hpp"
#include "runner/model/already_true.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/real_path.hpp"
#include "runner/sys/shown_words.hpp"
#include "runner/sys/text.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <elf.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include <fmt/format.h>

// What the broker makes of actions that were asked for before, for actions and questions that come after
// them.
namespace disco::border {

using policy::GuardKind;

/// The most units that are looked at for one request: the run waits meanwhile.
constexpr std::size_t most_units = 256;

namespace {

/// The root directory of who asks. Throws SysError when it is gone.
sys::UniqueFd view_of(const Peer& peer) {
    return sys::open_directory(fmt::format("/proc/{}/root", peer.process));
}

/// And no script.
bool is_binary(int file) {
    char magic[SELFMAG] = {};
    return ::read(file, magic, sizeof magic) == SELFMAG && std::memcmp(magic, ELFMAG, SELFMAG) == 0;
}

} // namespace

/// The programs of a unit's commands may have other names than the unit.
void Broker::name_programs(model::Action& action, const Peer& peer) const {
    if (host_.root != "/") return;
    const auto processes =
        std::find_if(action.effects.changes.begin(), action.effects.changes.end(),
                     [](const model::Subject& subject) { return subject.name == "processes"; });
    if (processes == action.effects.changes.end() || processes->objects.empty()) return;
    if (action.meaning.units.size() > most_units) return processes->objects.clear();
    try {
        const sys::UniqueFd view = view_of(peer);
        for (const std::string& unit : action.meaning.units)
            for (std::string& program : programs_of(read_unit_files(view.get(), unit)))
                processes->objects.push_back(std::move(program));
    } catch (const sys::Error&) { // then they may have any names
        processes->objects.clear();
    }
}

/// Units that are named by an alias, by their own names. Those of no file stay as they are named.
model::ServiceMeaning Broker::with_real_names(model::ServiceMeaning meaning, const Peer& peer) const {
    if (host_.root != "/" || meaning.units.empty() || meaning.units.size() > most_units) return meaning;
    try {
        const sys::UniqueFd view = view_of(peer);
        for (std::string& unit : meaning.units) {
            if (sys::is_pattern(unit)) continue;
            const std::string full = model::full_unit_name(unit);
            if (std::string real = read_unit_files(view.get(), full).name; real != full)
                unit = std::move(real);
        }
    } catch (const sys::Error&) { // then they are looked for by the names they were called
    }
    return meaning;
}

/// What is mounted on a link is mounted on the directory that it leads to.
void Broker::name_real_mounts(model::Action& action, const Peer& peer) {
    for (model::Subject& change : action.effects.changes) {
        if (change.name != "mounts" || change.objects.empty() || action.covers.empty()) continue;
        try {
            const sys::UniqueFd view = view_of(peer);
            for (const std::string& path : action.covers)
                change.objects.push_back("/" +
                                         sys::real_directory(view.get(), path).relative_path().string());
        } catch (const sys::SysError&) { // who asked is gone
            change.objects.clear();
        }
    }
}

/// What modules before have asked for, as if it had been asked for here.
void Broker::catch_up() {
    if (earlier_ == nullptr) return;
    for (; caught_up_ < earlier_->size(); ++caught_up_) {
        const model::Action& action = (*earlier_)[caught_up_];
        pending_.note(action, sys::shown_words(action.argv));
    }
}

std::vector<const model::Action*> Broker::earlier() const {
    std::vector<const model::Action*> all;
    if (earlier_ != nullptr)
        for (const model::Action& action : *earlier_) all.push_back(&action);
    for (const model::Action& action : queued_) all.push_back(&action);
    return all;
}

/// The words, and what they mean. Files that it loads are as who asks sees them now.
model::Action Broker::action_of(const Client& client) const {
    const policy::GuardDecision& decision = client.decision;
    model::Action action;
    action.argv = decision.action;
    action.meaning = with_real_names(model::with_full_names(decision.meaning), client.peer);
    action.effects = {.changes = decision.changes,
                      .settings =
                          assignments_of(decision.canonical.empty() ? decision.action : decision.canonical,
                                         client.request.directory, client.peer.process),
                      .canonical = decision.canonical};
    return action;
}

/// Whether what it asks for would change anything, or would fail as things are, is asked of the machine if
/// that can be, or known from what was asked for before. False: neither. Another root has no running system
/// to be asked.
bool Broker::ask_before_action(Client& client) {
    policy::GuardDecision& decision = client.decision;
    if (host_.root != "/" || decision.action.empty() || decision.reads_input) return false;
    client.judged = action_of(client);
    if (const auto& settings = client.judged.effects.settings; settings && !settings->empty()) {
        client.judged.argv = {"sysctl", "-w"};
        try {
            const std::vector<std::string> all = with_those_of_devices(*settings);
            client.judged.argv.insert(client.judged.argv.end(), all.begin(), all.end());
        } catch (const sys::SysError&) { // no IPv6 here, for one: sysctl will say so
            return false;
        }
    }
    auto words = model::question_before(client.judged, earlier());
    // What is deferred is for the machine as it will be.
    client.packet = client.request.wish == policy::shim::Wish::guarded ? packet_command(decision.canonical)
                                                                       : std::nullopt;
    if (client.packet && may_fail(*client.packet)) {
        const Presence presence = pending_.rules().presence_of(*client.packet);
        if (fails_natively(client, presence)) return true;
        if (presence == Presence::as_on_machine) words = question_before(*client.packet, decision.canonical);
    }
    return words && ask_of_machine(client, *words);
}

bool Broker::ask_of_machine(Client& client, const std::vector<std::string>& words) {
    policy::GuardDecision& decision = client.decision;
    if (!commands_.contains(words.front())) return false;
    policy::GuardDecision question = commands_.decide(words);
    if (question.kind != GuardKind::query) return false;
    decision.query = std::move(question.query);
    decision.needs = std::move(question.needs);
    client.asks_before = true;
    client.state = Client::State::waiting;
    watch(client.fd.get(), EPOLLRDHUP, true);
    waiting_.push_back(client.fd.get());
    return true;
}

/// When the units themselves are as wanted, those count that an action on them would start or stop besides.
bool Broker::ask_of_related(Client& client, const QuestionRun::Answer& answer) {
    if (client.asks_related || answer.exit != 0 ||
        !model::already_true(client.judged, earlier(), answer.output))
        return false;
    const auto words = model::question_after(client.judged, answer.output);
    if (!words) return false;
    client.asks_related = ask_of_machine(client, *words);
    if (!client.asks_related) do_action(client, nullptr); // then nobody knows
    return true;
}

/// Of the units that it is about, or of what they want: systemd will know of that only after the merge.
bool Broker::changes_unit_files(const Client& client) const {
    const std::vector<std::string>& units = client.judged.meaning.units;
    if (units.size() > most_units) return true;
    try {
        const sys::UniqueFd view = view_of(client.peer), machine = sys::open_directory("/");
        return std::any_of(units.begin(), units.end(), [&](const std::string& unit) {
            return read_unit_files(view.get(), unit) != read_unit_files(machine.get(), unit) ||
                   wanted_by_links(view.get(), unit) != wanted_by_links(machine.get(), unit);
        });
    } catch (const sys::Error&) {
        return true;
    }
}

/// What would fail natively fails here with the same words, and is no action.
bool Broker::fails_natively(Client& client, Presence presence) {
    const auto failure = client.packet ? failure_of(*client.packet, presence) : std::nullopt;
    if (failure) reply(client, failure->exit, {}, failure->error);
    return failure.has_value();
}

/// Where systemd does not run, `systemctl start` and its like fail at once, and so they do here: by
/// themselves. What else goes by that name, a script that does without systemd, may well succeed on the
/// machine.
bool Broker::has_no_systemd(const Client& client) const {
    const std::optional<CalledCommand>& called = client.called;
    if (!called || called->name != "systemctl" || host_.root != "/" || systemd_runs(host_) ||
        client.decision.action.empty() || client.decision.meaning.verb == model::ServiceVerb::end_machine)
        return false;
    try {
        const sys::UniqueFd view = view_of(client.peer);
        const sys::UniqueFd program = sys::try_open_regular_in_root(view.get(), called->path);
        return program && is_binary(program.get());
    } catch (const sys::SysError&) { // it is gone
        return false;
    }
}

/// With the machine's answer, if there is one. Without it is an action.
void Broker::do_action(Client& client, const QuestionRun::Answer* answer) {
    client.asks_before = false;
    if (client.packet && answer != nullptr && !client.asks_related &&
        fails_natively(client, presence_by(*client.packet, answer->exit, answer->output)))
        return;
    const bool needless =
        answer != nullptr && answer->exit == 0 &&
        (client.asks_related ? model::still_true(client.judged, answer->output)
                             : model::already_true(client.judged, earlier(), answer->output)) &&
        !changes_unit_files(client);
    if (client.decision.kind != GuardKind::action) return run_in_view(client, !needless);
    if (needless) return reply(client, 0, {}, {});
    finish_action(client);
}

/// What was asked for before, and will be run after the merge, is not true of the machine yet.
bool Broker::answer_from_pending(Client& client) {
    const policy::GuardDecision& decision = client.decision;
    if (decision.about.empty() && decision.kind != GuardKind::query) return false;
    const bool query = decision.kind == GuardKind::query;
    const PendingQuestion question{query ? decision.meaning : model::ServiceMeaning{},
                                   query ? decision.query : client.request.argv, decision.about};
    PendingQuestion by_names = question;
    if (!pending_.units().is_empty()) by_names.meaning = with_real_names(question.meaning, client.peer);
    auto known = pending_.answer(by_names);
    if (!known && query) known = answer_from_unit_files(question, client.peer);
    if (!known) return false;
    if (!known->refusal.empty())
        refuse(client, known->exit, known->refusal);
    else
        reply(client, known->exit, known->output, known->error);
    return true;
}

/// What the run has changed of units' files systemd has not read yet.
std::optional<PendingAnswer> Broker::answer_from_unit_files(const PendingQuestion& question,
                                                            const Peer& peer) const {
    if (!systemd_runs(host_)) return std::nullopt;
    const std::vector<std::string> names = units_with_files(question);
    if (names.empty()) return std::nullopt;
    if (names.size() > most_units)
        return PendingAnswer{
            EX_UNAVAILABLE, "", "",
            fmt::format("it asks for {} units; ask for {} at most at a time", names.size(), most_units)};
    try {
        const sys::UniqueFd view = view_of(peer), machine = sys::open_directory("/");
        std::vector<UnitComparison> units;
        for (const std::string& name : names)
            units.push_back({name, read_unit_files(view.get(), name), read_unit_files(machine.get(), name)});
        return answer_from_files(question, units, pending_.units().reload(),
                                 peer.user == 0 ? Asker::root : Asker::other);
    } catch (const sys::Error& error) {
        return PendingAnswer{
            EX_UNAVAILABLE, "", "",
            fmt::format("cannot find out whether this run changes the unit: {}", error.full_text())};
    }
}

} // namespace disco::border
