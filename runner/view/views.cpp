#include "runner/view/views.hpp"

#include "policy/command_directory.hpp"
#include "runner/border/exec_redirect.hpp"
#include "runner/border/systemd_runs.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/model/view_layout.hpp"
#include "runner/overlay/completion.hpp"
#include "runner/overlay/mount_class.hpp"
#include "runner/overlay/user_attributes.hpp"
#include "runner/sandbox/proc_entries.hpp"
#include "runner/sandbox/watch.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/program.hpp"
#include "runner/view/kept_places.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::view {
namespace {

namespace layout = model::view_layout;

using Class = overlay::MountClass;
using On = overlay::Layers::On;

std::filesystem::path canonical_root(const std::filesystem::path& root) {
    std::error_code error;
    auto path = std::filesystem::canonical(root, error);
    if (error)
        throw sys::BadConfiguration{
            fmt::format("cannot use '{}' as the root: {}", root.string(), error.message())};
    if (!std::filesystem::is_directory(path))
        throw sys::BadConfiguration{
            fmt::format("cannot use '{}' as the root: it is not a directory", root.string())};
    return path;
}

/// `path` as seen from inside the root: "/var/lib/disco"; empty when it lies elsewhere.
std::string inside(const std::filesystem::path& path, const std::filesystem::path& root) {
    const auto relative = std::filesystem::weakly_canonical(path).lexically_relative(root);
    const std::string text = relative.string();
    if (text.empty() || text == "." || text.starts_with("..")) return "";
    return "/" + text;
}

std::vector<overlay::ClassifiedMount> with_layers(const std::vector<overlay::ClassifiedMount>& mounts) {
    std::vector<overlay::ClassifiedMount> found;
    std::copy_if(mounts.begin(), mounts.end(), std::back_inserter(found),
                 [&](const auto& m) { return m.kind == Class::managed || m.kind == Class::runtime; });
    return found;
}

/// Throws BadConfiguration when there can be no view of the live root.
std::vector<overlay::ClassifiedMount> usable(std::vector<overlay::ClassifiedMount> mounts) {
    if (const overlay::ClassifiedMount& root = mounts.front(); root.kind == Class::foreign)
        throw sys::BadConfiguration{fmt::format(
            "cannot use '{}' as the root: it is on {}, which overlayfs does not take as a lower layer, so no "
            "script can work on a copy of it; use a tree on another file system, such as ext4, xfs, btrfs or "
            "tmpfs",
            root.live.string(), root.type)};
    return mounts;
}

/// The layer in memory of a sandbox that is still there: its upperdir by descriptor, and the paths of both.
struct MemoryLayer {
    explicit MemoryLayer(int memory)
        : work{fmt::format("/proc/self/fd/{}/w", memory)},
          upper{fmt::format("/proc/self/fd/{}/u", memory)},
          directory{sys::open_directory(upper)} {}
    std::filesystem::path work, upper;
    sys::UniqueFd directory;
};

/// Whether there is anything in it, or its directory itself is another than what it covers.
bool holds_changes(const MemoryLayer& layer, const std::filesystem::path& live) {
    struct stat own = {};
    sys::check(::fstat(layer.directory.get(), &own), "look at", live);
    const auto covered = sys::stat_path(live);
    const auto same = [&](const struct stat& other) {
        return own.st_mode == other.st_mode && own.st_uid == other.st_uid && own.st_gid == other.st_gid;
    };
    return !covered || !same(*covered) || !sys::list_directory(layer.directory.get(), live).empty();
}

/// `view`: the overlay that is still mounted on it, at `inside`. `upper`: where to, with the metadata of what
/// it covers.
void bring_from_memory(const MemoryLayer& layer, int view, const std::string& inside,
                       const std::filesystem::path& upper) {
    try {
        overlay::complete_layer({view, layer.upper, layer.work, inside});
        const sys::UniqueFd to = sys::open_directory(upper);
        merge::ObjectCopy copy{to.get(), merge::Bookkeeping::keep};
        for (const sys::DirectoryEntry& entry : sys::list_directory(layer.directory.get(), upper))
            copy.copy(layer.directory.get(), entry.name, entry.name);
        const sys::HeldObject own{layer.directory.get(), "."};
        merge::set_metadata(sys::HeldObject{to.get(), "."},
                            merge::read_metadata(own, merge::Bookkeeping::strip), merge::Times::keep);
    } catch (const sys::Error& error) {
        throw sys::Error{fmt::format(
            "what the scripts changed in /run cannot be kept in the state directory: {}", error.full_text())};
    }
}

} // namespace

Views::Views(const run::CommonOptions& options, const run::StateDirectory& state, const run::Scratch& scratch,
             std::string node)
    : root_{canonical_root(options.root)},
      node_{std::move(node)},
      outlet_{options.outlet},
      scratch_{scratch},
      guarded_{policy::load_guarded_commands(data_, policy::override_directory)},
      redirection_{border::redirection_possible() ? border::ExecGuard::Redirection::possible
                                                  : border::ExecGuard::Redirection::refused},
      mounts_{usable(overlay::classify_host_mounts(root_, scratch.path()))},
      layers_{scratch.path(), with_layers(mounts_)},
      networks_{scratch.path()},
      proc_entries_{sandbox::entries_in_proc()} {
    for (const overlay::ClassifiedMount& mount : mounts_)
        if (mount.kind == Class::bound_file || mount.kind == Class::readonly || mount.kind == Class::foreign)
            bound_.push_back({.source = mount.live.native(),
                              .inside = mount.inside,
                              .file = mount.kind == Class::bound_file,
                              .overlay = mount.by_overlay ? overlay::readonly_options(mount.live) : ""});
    if (const std::string hidden = inside(state.path(), root_); !hidden.empty()) hidden_.push_back(hidden);
    if (redirection_ == border::ExecGuard::Redirection::refused)
        spdlog::warn(
            "this machine refuses ptrace(2), so guarded commands such as systemctl will fail in scripts; "
            "those "
            "of users other than root may not be seen at all, and run in the sandbox. What to do: give the "
            "container CAP_SYS_PTRACE and let its seccomp profile allow ptrace, or set "
            "kernel.yama.ptrace_scope below 3");
}

void Views::expect_room_for_attributes(bool merged) const {
    const auto lost = overlay::lost_user_attributes(scratch_.path(), layers_.managed());
    if (!lost) return;
    if (merged) throw sys::BadConfiguration{*lost};
    spdlog::warn("{}. This no-op may report lost attributes that are none of the scripts' doing", *lost);
}

sandbox::Sandbox Views::start(const Additions& shown, Work work) {
    sandbox::ViewSpec view;
    for (const On on : {On::live, On::base}) {
        sandbox::OverlayMounts& overlays = view.overlays.emplace_back();
        for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount) {
            overlay::OverlayOptions options = layers_.options(mount, on);
            overlays.push_back(
                {layers_.managed()[mount].inside, std::move(options.live), std::move(options.top)});
        }
    }
    view.ground = overlay::place::ground;
    view.skeleton = overlay::place::skeleton;
    view.nothing = overlay::place::nothing;
    view.live = overlay::place::live;
    view.view = overlay::place::view;
    view.stage = overlay::place::stage;
    view.hidden = hidden_;
    // What a script made there would lie below the mount on the machine, and comparing it would have the
    // machine mount something.
    for (const overlay::ClassifiedMount& mount : mounts_)
        if (mount.kind == Class::kernel && mount.type == overlay::automount_type)
            view.hidden.push_back(mount.inside);
    const auto run = std::find_if(mounts_.begin(), mounts_.end(),
                                  [](const auto& mount) { return mount.kind == Class::runtime; });
    if (run != mounts_.end()) {
        view.memory = overlay::place::memory;
        const auto status = sys::stat_path(run->live);
        if (!status) throw sys::SysError{ENOENT, "open the managed directory", run->live};
        view.memory_mode = status->st_mode & 07777;
    }
    view.bound = bound_;
    view.runtime = data_ / "sandbox";
    view.module = shown.module;
    view.commands = commands_;
    view.parameters = shown.parameters;
    view.node = node_;
    view.proc_entries = proc_entries_;
    if (sandbox::pid_max_is_per_namespace()) view.pid_max = sandbox::Watch::pid_max;
    if (work.broker != nullptr) view.broker = layout::broker_socket;
    sandbox::SandboxSpec spec;
    networks_.prepare(work.network, spec, view);
    // A tree whose resolv.conf is a file is seen as it is by those who share the host's network, such as
    // checks. A link leads into /run, most often, which is private in a sandbox.
    const bool is_file =
        work.network == model::Network::host && !std::filesystem::is_symlink(root_ / "etc/resolv.conf");
    if (shown.own_resolver_file || is_file) view.resolver_file.clear();
    spec.layers_directory = layers_.directory();
    if (!view.memory.empty()) spec.memory = overlay::place::memory;
    spec.mounts = sandbox::make_mount_plans(view);
    spec.confinement = policy_.sandbox();
    if (work.broker != nullptr) {
        spec.broker = work.broker->socket();
        spec.attendant = {work.broker->fd(), [broker = work.broker] { broker->serve(); }};
    }
    spec.programs = std::move(work.programs);
    const auto guard =
        std::make_shared<border::ExecGuard>([this](std::string_view name) { return guarded_.contains(name); },
                                            called_, layout::shim, redirection_);
    for (sandbox::Program& program : spec.programs) {
        const auto own = std::make_shared<std::optional<std::string>>(program.path); // until its exec
        program.unheard = [guard, own](int root) {
            if (!guard->is_ordinary(root, own->value())) return false;
            own->reset();
            return true;
        };
        program.exec = [guard, own](int root, int listener, const seccomp_notif& request) {
            return guard->answer(root, listener, request, std::exchange(*own, std::nullopt));
        };
    }
    spec.lanes = work.lanes;
    spec.input = work.input;
    spec.outlet = outlet_;
    spec.terminal = work.terminal;
    sandbox::Sandbox started{std::move(spec)};
    networks_.started(started);
    return started;
}

void Views::enter(sandbox::Sandbox& sandbox) {
    networks_.wait_for(sandbox.network());
    sandbox.enter(layers_.on() == On::live ? 0 : 1); // in the order of the alternatives above
}

void Views::complete(const sandbox::Sandbox& sandbox) {
    expect_kept_places(sandbox.root(), kept_places(mounts_, hidden_));
    for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount) {
        const std::string& inside = layers_.managed()[mount].inside;
        const sys::UniqueFd view = sys::open_in_root(sandbox.root(), "/" + inside, O_PATH | O_DIRECTORY);
        if (!layers_.is_in_memory(mount)) {
            overlay::complete_layer({view.get(), layers_.upper(mount), layers_.work(mount), inside});
            continue;
        }
        const MemoryLayer layer{sandbox.memory()};
        if (holds_changes(layer, layers_.managed()[mount].live))
            bring_from_memory(layer, view.get(), inside, layers_.make_upper(mount));
    }
}

void Views::confine(sandbox::Program& program, model::Profile profile) {
    const std::scoped_lock lock{policy_mutex_};
    program.confinement = policy_.program(profile);
    program.answer = [this, profile](std::uint32_t audit_arch, std::uint32_t number) -> sandbox::CallAnswer {
        const std::scoped_lock in_use{policy_mutex_}; // the policy reads its files when it is asked first
        const std::string name = policy_.calls().name_of(audit_arch, number);
        const auto& rules = policy_.profile(profile).calls;
        const auto rule = rules.find(name);
        if (rule == rules.end()) return {fmt::format("system call {}", number), EPERM};
        return {name, rule->second.answer, rule->second.kind == policy::CallRule::Kind::allow};
    };
}

void Views::need_command_directory() {
    if (!commands_.empty()) return;
    commands_ = scratch_.subdirectory("commands", 0755);
    make_commands(sys::open_directory(root_).get());
}

void Views::renew_commands(int view) {
    if (commands_.empty() || policy::command_stamp(view) == commands_stamp_) return;
    const sys::UniqueFd directory = sys::open_directory(commands_);
    for (const sys::DirectoryEntry& entry : sys::list_directory(directory.get(), commands_))
        sys::check(::unlinkat(directory.get(), entry.name.c_str(), 0), "remove", commands_ / entry.name);
    make_commands(view);
}

void Views::make_commands(int root) {
    std::set<std::string> allowed = allowed_;
    allowed.insert(guarded_.names().begin(), guarded_.names().end()); // their guards are in their places
    commands_stamp_ = policy::command_stamp(root); // before: what comes meanwhile is seen next time
    policy::make_command_directory(root, allowed, layout::shim, commands_);
}

std::vector<std::string> Views::environment(model::RunMode mode, const std::string& module, const char* phase,
                                            bool restricted_path) const {
    std::vector<std::string> variables = {
        restricted_path ? fmt::format("PATH={}", layout::restricted_commands)
                        : fmt::format("PATH={}:{}", layout::programs, sys::usual_path),
        "HOME=/root",
        "SHELL=/bin/bash", // bash would look for it in the user data base
        "LC_ALL=C.UTF-8",
        fmt::format("BASH_ENV={}", layout::prelude),
        "DISCO_NODE=" + node_,
        "DISCO_MODULE=" + module,
        fmt::format("DISCO_PHASE={}", phase),
        "DISCO_ROOT=/",
    };
    if (mode == model::RunMode::noop) variables.emplace_back("NOOP=true");
    return variables;
}

bool Views::systemd_runs() const { return border::systemd_runs(host()); }

void Views::note_queued(const model::ModuleReport& report) {
    if (report.outcome == model::ModuleOutcome::failed) return; // none of it is going to be run
    for (const model::Action& action : report.actions) {
        model::Action& noted = queued_.emplace_back();
        noted.argv = action.argv;
        noted.meaning = action.meaning;
        noted.covers = action.covers;
        noted.effects = action.effects;
    }
}

} // namespace disco::view
