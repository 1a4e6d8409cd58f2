#pragma once

#include "runner/model/run_report.hpp"
#include "runner/sandbox/egress.hpp"
#include "runner/sandbox/sandbox.hpp"
#include "runner/sandbox/shared_namespaces.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace disco::view {

/// The network namespaces of a run: one for all isolated sandboxes, one for all with egress, each with the
/// user namespace that it belongs to. They are made for the first sandbox of a kind, and later ones join.
/// Making one and letting it go costs more than all the other namespaces, and nothing can be left in it, as
/// no process outlives its module and none may configure a network. A sandbox with the host's network has no
/// user namespace either: its programs would have no rights over that network.
class Networks {
public:
    /// `scratch`: a directory of the run, for the sandboxes' resolv.conf.
    explicit Networks(std::filesystem::path scratch) : scratch_{std::move(scratch)} {}

    /// Whether this machine can give it: throws BadConfiguration when it cannot.
    void need(model::Network network);
    /// Fills in what a sandbox is started with: the namespaces to join, and a file to be shown as
    /// /etc/resolv.conf. Warns once where the machine makes no user namespace. Throws as `need` does.
    void prepare(model::Network network, sandbox::SandboxSpec& spec, sandbox::ViewSpec& view);
    /// Connects the namespace of the first sandbox with egress, without waiting for that.
    void started(const sandbox::Sandbox& sandbox);
    /// Returns when programs may use the network. Throws sys::Error when it cannot be connected.
    void wait_for(model::Network network);

    /// No program will run in them any more.
    void disconnect() noexcept;

    /// Notices of what something in an isolated sandbox has tried in vain to reach since this was last asked:
    /// another machine, which `remedy` says how to let it, or a service of this one. Takes a tenth of a
    /// millisecond.
    [[nodiscard]] std::vector<model::Notice> missed(const sandbox::Sandbox& sandbox, const std::string& step,
                                                    const std::string& remedy);

    /// The notice for a module's report; nothing when it was isolated.
    [[nodiscard]] std::optional<model::Notice> notice(model::Network network) const;

private:
    void show_hosts_resolver(sandbox::ViewSpec& view);
    void join(std::optional<sandbox::SharedNamespaces>& namespaces, sandbox::SandboxSpec& spec);

    std::filesystem::path scratch_;
    std::optional<sandbox::SharedNamespaces> isolated_, egress_; ///< once there was a sandbox of the kind
    bool told_without_users_ = false;
    sandbox::NetworkAttempts attempts_; ///< in the isolated one, as far as they are known
    std::optional<sandbox::EgressProgram> egress_program_;
    std::filesystem::path resolver_file_;       ///< for sandboxes with egress; empty until one is prepared
    std::filesystem::path hosts_resolver_file_; ///< for those with the host's network; the same
    bool forwarded_ = false;                    ///< it names the program's own resolver
    std::unique_ptr<sandbox::Egress> connection_;
};

} // namespace disco::view
