#include "runner/dance/views.hpp"

#include "policy/command_directory.hpp"
#include "runner/dance/guard_traces.hpp"
#include "runner/overlay/completion.hpp"
#include "runner/overlay/mount_class.hpp"
#include "runner/overlay/user_attributes.hpp"
#include "runner/sandbox/proc_entries.hpp"
#include "runner/sandbox/watch.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/program.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::dance {
namespace {

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

/// A newer program of the same name takes the older one's place.
void add_real(std::vector<std::string>& real, const std::string& program) {
    const auto name = std::filesystem::path{program}.filename();
    std::erase_if(real,
                  [&](const std::string& other) { return std::filesystem::path{other}.filename() == name; });
    real.push_back(program);
}

bool same_guards(const Guards& a, const Guards& b) {
    const auto same_files = [](const sandbox::ViewSpec::Guard& x, const sandbox::ViewSpec::Guard& y) {
        return std::equal(x.files.begin(), x.files.end(), y.files.begin(), y.files.end(),
                          [](const auto& one, const auto& other) { return one.path == other.path; });
    };
    return std::equal(a.by_mount.begin(), a.by_mount.end(), b.by_mount.begin(), b.by_mount.end(), same_files);
}

bool none(const Guards& guards) {
    return std::all_of(guards.by_mount.begin(), guards.by_mount.end(),
                       [](const auto& guard) { return guard.files.empty(); });
}

std::vector<overlay::ClassifiedMount> of_class(const std::vector<overlay::ClassifiedMount>& mounts,
                                               Class kind) {
    std::vector<overlay::ClassifiedMount> found;
    std::copy_if(mounts.begin(), mounts.end(), std::back_inserter(found),
                 [&](const auto& m) { return m.kind == kind; });
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

} // namespace

std::filesystem::path data_directory() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "lib" / "disco";
}

Views::Views(const CommonOptions& options, const StateDirectory& state, const Scratch& scratch,
             std::string node)
    : root_{canonical_root(options.root)},
      node_{std::move(node)},
      outlet_{options.outlet},
      scratch_{scratch},
      guarded_{policy::load_guarded_commands(data_, policy::override_directory)},
      mounts_{usable(overlay::classify_host_mounts(root_, scratch.path()))},
      layers_{scratch.path(), of_class(mounts_, Class::managed)},
      networks_{scratch.path()},
      proc_entries_{sandbox::entries_in_proc()},
      guards_{find_guards(root_, layers_.managed(), guarded_)} {
    for (const auto& [kind, inside, live, type] : mounts_)
        if (kind == Class::bound_file || kind == Class::readonly || kind == Class::foreign)
            bound_.push_back({.source = live.native(), .inside = inside, .file = kind == Class::bound_file});
    if (const std::string hidden = inside(state.path(), root_); !hidden.empty()) hidden_.push_back(hidden);
}

void Views::expect_room_for_attributes(bool merged) const {
    const auto lost = overlay::lost_user_attributes(scratch_.path(), layers_.managed());
    if (!lost) return;
    if (merged) throw sys::BadConfiguration{*lost};
    spdlog::warn("{}. This no-op may tell of lost attributes that are none of the scripts' doing", *lost);
}

sandbox::Sandbox Views::start(const Shown& shown, Work work) {
    sandbox::ViewSpec view;
    for (const On on : {On::live, On::kept}) {
        sandbox::OverlayMounts& overlays = view.overlays.emplace_back();
        for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount) {
            overlay::OverlayOptions options = layers_.options(
                mount, on, guards_.by_mount[mount].directory,
                kept_guards_.by_mount.empty() ? std::string{} : kept_guards_.by_mount[mount].directory);
            overlays.push_back(
                {layers_.managed()[mount].inside, std::move(options.base), std::move(options.top)});
        }
    }
    view.ground = overlay::place::ground;
    view.skeleton = overlay::place::skeleton;
    view.nothing = overlay::place::nothing;
    view.base = overlay::place::base;
    view.view = overlay::place::view;
    view.stage = overlay::place::stage;
    view.hidden = hidden_;
    view.bound = bound_;
    view.runtime = data_ / "sandbox";
    view.module = shown.module;
    view.commands = commands_;
    view.parameters = shown.parameters;
    view.node = node_;
    for (const Guards* guards : {&guards_, &kept_guards_})
        for (const sandbox::ViewSpec::Guard& guard : guards->by_mount)
            if (!guard.directory.empty()) view.guards.push_back(guard);
    view.shim = view.runtime + "/bin/disco-shim";
    view.real = guards_.real;
    for (const std::string& program : kept_guards_.real) add_real(view.real, program);
    view.proc_entries = proc_entries_;
    if (sandbox::pid_max_is_per_namespace()) view.pid_max = sandbox::Watch::pid_max;
    if (work.broker != nullptr) view.broker = policy::shim::socket_path;
    sandbox::SandboxSpec spec;
    networks_.prepare(work.network, spec, view);
    // A tree whose resolv.conf is a file is seen as it is by those who share the host's network, such as
    // checks. A link leads into /run, most often, which is private in a sandbox.
    const bool is_file =
        work.network == model::Network::host && !std::filesystem::is_symlink(root_ / "etc/resolv.conf");
    if (shown.own_resolver_file || is_file) view.resolver_file.clear();
    spec.layers_directory = layers_.directory();
    spec.mounts = sandbox::make_mount_plans(view);
    spec.confinement = policy_.sandbox();
    if (work.broker != nullptr) {
        spec.broker = work.broker->socket();
        spec.attendant = {work.broker->fd(), [broker = work.broker] { broker->serve(); }};
    }
    spec.programs = std::move(work.programs);
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

void Views::keep_layer() {
    layers_.keep();
    std::vector<std::filesystem::path> kept;
    for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount)
        kept.push_back(layers_.kept(mount));
    Guards found = find_kept_guards(root_, layers_.managed(), kept, guarded_);
    if (none(found)) found.by_mount.clear();
    if (!same_guards(found, kept_guards_)) ++guard_generation_;
    kept_guards_ = std::move(found);
}

void Views::leave_kept() {
    layers_.leave_kept();
    kept_guards_ = {};
    guards_ = find_guards(root_, layers_.managed(), guarded_);
    ++guard_generation_;
}

void Views::complete(const sandbox::Sandbox& sandbox) const {
    for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount) {
        const std::string& inside = layers_.managed()[mount].inside;
        const sys::UniqueFd view = sys::open_in_root(sandbox.root(), "/" + inside, O_PATH | O_DIRECTORY);
        overlay::complete_layer({view.get(), layers_.upper(mount), layers_.work(mount)});
    }
}

std::vector<std::string> Views::remove_guard_traces() {
    if (guard_bytes_.empty()) guard_bytes_ = sys::read_file(data_ / "sandbox/bin/disco-shim");
    std::vector<std::string> copies;
    for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount) {
        sandbox::ViewSpec::Guard guard = guards_.by_mount[mount];
        if (!kept_guards_.by_mount.empty()) {
            const auto& kept = kept_guards_.by_mount[mount].files;
            guard.files.insert(guard.files.end(), kept.begin(), kept.end());
        }
        const GuardedLayer layer = {.upper = layers_.upper(mount),
                                    .kept = layers_.kept(mount),
                                    .live = layers_.managed()[mount].live,
                                    .prefix = layers_.managed()[mount].inside};
        for (std::string& path : dance::remove_guard_traces(layer, guard, guard_bytes_))
            copies.push_back(std::move(path));
    }
    return copies;
}

void Views::confine(sandbox::Program& program, model::Profile profile) {
    program.confinement = policy_.program(profile);
    program.answer = [this, profile](std::uint32_t audit_arch, std::uint32_t number) -> sandbox::CallAnswer {
        const std::string name = policy_.calls().name_of(audit_arch, number);
        const auto& rules = policy_.profile(profile).calls;
        const auto rule = rules.find(name);
        if (rule == rules.end()) return {fmt::format("system call {}", number), EPERM};
        return {name, rule->second.answer};
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
    policy::make_command_directory(root, allowed, "/run/disco/bin/disco-shim", commands_);
}

std::vector<std::string> Views::environment(model::RunMode mode, const std::string& module, const char* phase,
                                            bool restricted_path) const {
    std::vector<std::string> variables = {
        restricted_path ? "PATH=/run/disco/restricted"
                        : std::string{"PATH=/run/disco/bin:"} + sys::usual_path,
        "HOME=/root",
        "SHELL=/bin/bash", // bash would look for it in the user data base
        "LC_ALL=C.UTF-8",
        "BASH_ENV=/run/disco/prelude.bash",
        "DISCO_NODE=" + node_,
        "DISCO_MODULE=" + module,
        fmt::format("DISCO_PHASE={}", phase),
        "DISCO_ROOT=/",
    };
    if (mode == model::RunMode::noop) variables.emplace_back("NOOP=true");
    return variables;
}

} // namespace disco::dance
