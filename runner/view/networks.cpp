#include "runner/view/networks.hpp"

#include "runner/sandbox/resolver_file.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::view {

using model::Network;

void Networks::need(Network network) {
    if (network != Network::egress || egress_program_) return;
    const char* path = std::getenv("PATH");
    egress_program_ = sandbox::find_egress_program(path != nullptr ? path : sys::usual_path);
    if (!egress_program_)
        throw sys::BadConfiguration{"network egress needs pasta (package passt) or slirp4netns (package "
                                    "slirp4netns), and neither is in PATH: install one of them"};
}

void Networks::prepare(Network network, sandbox::SandboxSpec& spec, sandbox::ViewSpec& view) {
    spec.network = network;
    view.host_sysfs = network == Network::host;
    if (network == Network::isolated) join(isolated_, spec);
    if (network == Network::host) show_hosts_resolver(view);
    if (network != Network::egress) return;
    need(network);
    join(egress_, spec);
    if (resolver_file_.empty()) {
        const auto own = sandbox::host_addresses();
        const auto resolver =
            sandbox::make_resolver_file(sys::read_file_if_exists("/etc/resolv.conf").value_or(""),
                                        sandbox::forwarder_of(egress_program_->kind),
                                        [&](const std::string& address) { return own.contains(address); });
        forwarded_ = resolver.forwarded;
        auto file = scratch_ / "resolv.conf";
        sys::write_file(file, resolver.text, 0644);
        resolver_file_ = std::move(file);
    }
    view.resolver_file = resolver_file_;
}

void Networks::join(std::optional<sandbox::SharedNamespaces>& namespaces, sandbox::SandboxSpec& spec) {
    spec.new_network = !namespaces;
    if (!namespaces) namespaces = sandbox::make_shared_namespaces();
    spec.user_namespace = namespaces->users.get();
    spec.network_namespace = namespaces->network.get();
    if (namespaces->without_users.empty() || std::exchange(told_without_users_, true)) return;
    spdlog::warn(
        "this machine makes no user namespace ({}): a local user who works together with a script can "
        "hand it a descriptor of a file of the machine, by which it can give that another mode or "
        "owner. What to do, where users are not trusted: let root make user namespaces "
        "(user.max_user_namespaces, the container's seccomp and AppArmor profiles), or mount /proc "
        "with hidepid=invisible",
        namespaces->without_users);
}

void Networks::show_hosts_resolver(sandbox::ViewSpec& view) {
    if (hosts_resolver_file_.empty()) {
        const auto text = sys::read_file_if_exists("/etc/resolv.conf");
        if (!text) return;
        auto file = scratch_ / "resolv.conf.host";
        sys::write_file(file, *text, 0644);
        hosts_resolver_file_ = std::move(file);
    }
    view.resolver_file = hosts_resolver_file_;
}

void Networks::started(const sandbox::Sandbox& sandbox) {
    if (sandbox.network() != Network::egress || connection_) return;
    connection_ = std::make_unique<sandbox::Egress>(
        sandbox::make_egress_command(*egress_program_, forwarded_), egress_->network.get());
}

void Networks::wait_for(Network network) {
    if (network == Network::egress && connection_) connection_->wait_until_ready();
}

void Networks::disconnect() noexcept {
    if (connection_) connection_->stop();
}

std::vector<model::Notice> Networks::missed(const sandbox::Sandbox& sandbox, const std::string& step,
                                            const std::string& remedy) {
    std::vector<model::Notice> notices;
    if (sandbox.network() != Network::isolated) return notices;
    const sandbox::NetworkAttempts attempts = sandbox.network_attempts();
    if (attempts.others > attempts_.others)
        notices.push_back({model::NoticeKind::network,
                           "no network here: it tried to reach another machine, or to look one up; " + remedy,
                           {},
                           step});
    if (attempts.own > attempts_.own)
        notices.push_back({model::NoticeKind::network,
                           "no service of this machine can be reached here: it tried to, on loopback; "
                           "`disco-defer COMMAND` has a command run on the machine, after the merge",
                           {},
                           step});
    attempts_ = {std::max(attempts_.others, attempts.others), std::max(attempts_.own, attempts.own)};
    return notices;
}

std::optional<model::Notice> Networks::notice(Network network) const {
    model::Notice notice;
    notice.kind = model::NoticeKind::network;
    switch (network) {
    case Network::isolated: return std::nullopt;
    case Network::host: notice.text = "shared the host's network"; return notice;
    case Network::egress:
        notice.text = fmt::format("could reach other machines by network egress ({})",
                                  egress_program_ ? sandbox::to_string(egress_program_->kind) : "none");
        return notice;
    }
    return std::nullopt; // not reached: -Wswitch guards the list
}

} // namespace disco::view
