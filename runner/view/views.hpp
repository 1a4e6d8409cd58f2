#pragma once

#include "policy/command_directory.hpp"
#include "policy/guarded_commands.hpp"
#include "policy/policy_store.hpp"
#include "runner/border/broker.hpp"
#include "runner/border/called_commands.hpp"
#include "runner/border/exec_guard.hpp"
#include "runner/overlay/layers.hpp"
#include "runner/run/data_directory.hpp"
#include "runner/run/run_options.hpp"
#include "runner/run/state.hpp"
#include "runner/sandbox/sandbox.hpp"
#include "runner/view/networks.hpp"

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace disco::view {

/// Makes merged views of a live root, one at a time, on the layers of one run.
class Views {
public:
    /// `scratch` must outlive it. Throws sys::Error when the root is no directory.
    Views(const run::CommonOptions& options, const run::StateDirectory& state, const run::Scratch& scratch,
          std::string node);

    /// Checks that the layers can hold all that live files have. Where they cannot, it throws
    /// sys::BadConfiguration if they are to be `merged`, and else warns, as the report of such files may be
    /// wrong. See overlay::lost_user_attributes.
    void expect_room_for_attributes(bool merged) const;

    [[nodiscard]] overlay::Layers& layers() noexcept { return layers_; }
    [[nodiscard]] const std::vector<overlay::ClassifiedMount>& mounts() const noexcept { return mounts_; }
    [[nodiscard]] Networks& networks() noexcept { return networks_; }
    [[nodiscard]] const std::string& node() const noexcept { return node_; }
    [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }

    /// What a view shows besides the tree.
    struct Additions {
        std::filesystem::path module;     ///< at /run/disco/module; empty: none
        std::filesystem::path parameters; ///< at /var/lib/disco/parameters/NODE; empty: none
        bool own_resolver_file = false;   ///< the tree's /etc/resolv.conf, whatever the network
    };
    /// What a sandbox is started for.
    struct Work {
        std::vector<sandbox::Program> programs;
        model::Network network = model::Network::isolated;
        std::size_t lanes = 1;            ///< programs that may run at the same time
        int input = -1;                   ///< see sandbox::SandboxSpec
        int terminal = -1;                ///< a person's, see sandbox::SandboxSpec
        border::Broker* broker = nullptr; ///< hears the sandbox's shims, and must outlive it
    };
    /// Starts a sandbox for a layer that need not have begun yet.
    [[nodiscard]] sandbox::Sandbox start(const Additions& shown, Work work);
    /// Lets it in to the begun layer, when its network is there.
    void enter(sandbox::Sandbox& sandbox);

    /// Completes the begun layer: by itself it then shows all that its view shows; see
    /// overlay::complete_layer. Called when the sandbox's programs have ended, and before it is stopped.
    void complete(const sandbox::Sandbox& sandbox);

    [[nodiscard]] const policy::GuardedCommands& guarded() const noexcept { return guarded_; }
    [[nodiscard]] border::CalledCommands& called() noexcept { return called_; }
    /// The allowance for all that the run's scripts ask for.
    [[nodiscard]] border::Allowance& allowance() noexcept { return allowance_; }
    /// The actions of the modules that are done, words and meaning.
    [[nodiscard]] const std::vector<model::Action>& queued() const noexcept { return queued_; }
    void note_queued(const model::ModuleReport& report);
    /// Where queries and actions are run.
    [[nodiscard]] border::Host host() const {
        return {root_, data_ / "disco-on-host", {hidden_.begin(), hidden_.end()}};
    }
    /// Whether there is a systemd that actions could be meant for.
    [[nodiscard]] bool systemd_runs() const;

    /// Gives a program what its profile says. The program must not outlive the views.
    void confine(sandbox::Program& program, model::Profile profile);

    /// PATH of strict scripts and templates: made at the first call, as the live root has them.
    void need_command_directory();
    /// The same as the view has them, whose root this is; when no program runs.
    void renew_commands(int view);

    /// What a program gets, the same for all of a run but for the phase.
    [[nodiscard]] std::vector<std::string> environment(model::RunMode mode, const std::string& module,
                                                       const char* phase, bool restricted_path) const;

private:
    void make_commands(int root);

    std::filesystem::path root_;
    std::string node_;
    sys::PatientWriter* outlet_; ///< see CommonOptions
    const run::Scratch& scratch_;
    std::filesystem::path data_ = run::data_directory();
    std::mutex policy_mutex_; ///< of the next one, which threads of sandboxes use, too
    policy::PolicyStore policy_{data_};
    std::set<std::string> allowed_ = policy::load_allow_list(data_); ///< read at once, to find faults early
    policy::GuardedCommands guarded_;
    border::ExecGuard::Redirection redirection_;
    border::CalledCommands called_;
    border::Allowance allowance_;
    std::vector<model::Action> queued_;
    std::vector<std::string> hidden_;
    std::vector<sandbox::ViewSpec::Bind> bound_;
    std::vector<overlay::ClassifiedMount> mounts_; ///< of the live root, before there is any sandbox
    overlay::Layers layers_;
    Networks networks_;
    std::vector<std::string> proc_entries_; ///< of the running kernel
    std::filesystem::path commands_;
    policy::CommandStamp commands_stamp_ = {}; ///< of the tree that they are made for
};

} // namespace disco::view
