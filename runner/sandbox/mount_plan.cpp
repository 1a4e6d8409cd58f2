#include "runner/sandbox/mount_plan.hpp"

#include "policy/walls.hpp"
#include "runner/model/view_layout.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

namespace disco::sandbox {
namespace {

using Kind = MountStep::Kind;

using policy::Wall;
using policy::wall_stands;

const unsigned long nosuid = wall_stands(Wall::nosuid) ? MS_NOSUID : 0;
const unsigned long nodev = wall_stands(Wall::devices) ? MS_NODEV : 0;
const unsigned long quiet = nosuid | nodev;
const unsigned long inert = nosuid | nodev | MS_NOEXEC;
const unsigned long readonly_clone =
    (wall_stands(Wall::readonly_binds) ? MOUNT_ATTR_RDONLY : 0) | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
const unsigned long readonly_sysfs = wall_stands(Wall::readonly_proc_sys) ? MS_RDONLY : 0;

/// What is masked of the kernel's /proc: it shows the machine's memory, keys and processes, or drives its
/// devices.
constexpr const char* masked_files[] = {"/kcore",       "/keys",        "/latency_stats",
                                        "/timer_list",  "/sched_debug", "/kmsg",
                                        "/kpagecgroup", "/kpagecount",  "/kpageflags"};
constexpr const char* masked_directories[] = {"/acpi", "/asound", "/scsi"};

class Builder {
public:
    explicit Builder(const ViewSpec& view) : view_{view} {}

    MountPlans build() {
        MountPlans plans;
        take_from_host();
        build_kernel_trees();
        build_private_trees();
        build_own_tree();
        plans.ahead = std::exchange(plan_, {});
        const int slots = next_slot_, places = places_;
        for (const OverlayMounts& overlays : view_.overlays) {
            next_slot_ = slots; // only one of the plans is carried out
            places_ = places;
            enter(overlays);
            plans.enter.push_back(std::exchange(plan_, {}));
        }
        return plans;
    }

private:
    struct TakenPlace {
        int slot;
        std::string inside;
    };

    void add(MountStep step) { plan_.push_back(std::move(step)); }
    void mount(std::string type, std::string target, unsigned long flags, std::string options) {
        add({.kind = Kind::mount,
             .target = std::move(target),
             .type = std::move(type),
             .options = std::move(options),
             .flags = flags});
    }
    void make_directory(std::string target, mode_t mode) {
        add({.kind = Kind::make_directory, .target = std::move(target), .mode = mode});
    }
    int next_slot() {
        if (next_slot_ == max_slots)
            throw sys::Error{
                fmt::format("the live root has more than {} mounts to show in a sandbox", max_slots)};
        return next_slot_++;
    }
    int clone(std::string source, unsigned long attributes) {
        const int slot = next_slot();
        add({.kind = Kind::clone,
             .target = {},
             .source = std::move(source),
             .attributes = attributes,
             .slot = slot});
        return slot;
    }
    void attach(int slot, std::string target) {
        add({.kind = Kind::attach, .target = std::move(target), .slot = slot});
    }
    /// The mount itself, wherever it is attached now.
    int take(const std::string& place) {
        const int slot = next_slot();
        add({.kind = Kind::take, .target = {}, .source = place, .slot = slot});
        return slot;
    }
    /// To mount on. None is used twice: unmounting waits for all processors (synchronize_rcu_expedited).
    std::string next_place() {
        std::string place = fmt::format("{}/{}", view_.stage, ++places_);
        make_directory(place, 0755);
        return place;
    }
    /// A tree that is built on the stage, complete, and attached at `inside` of the view later.
    std::string staged(const std::string& inside, const char* name) {
        stage_.push_back({-1, inside});
        std::string place = view_.stage + "/" + name;
        make_directory(place, 0755);
        return place;
    }
    void take_staged(const std::string& place) { stage_.back().slot = take(place); }
    /// What needs no file system of its own: a directory of the ground, which is `inert`.
    std::string staged_directory(const std::string& inside, const char* name) {
        std::string place = staged(inside, name);
        add({.kind = Kind::bind, .target = place});
        return place;
    }

    /// All that names a host path comes first: after the pivot no host path exists any more, and every target
    /// is resolved inside the view, whatever symlinks a script has left there.
    void take_from_host() {
        // Scripts can write to those of its directories that the view shows, and nothing needs room there.
        mount("tmpfs", view_.ground, inert, "mode=0755,size=1m,nr_inodes=2048");
        for (const std::string& place : {view_.nothing, view_.live, view_.view, view_.stage})
            make_directory(place, 0755);
        make_empty_directory();
        if (!view_.memory.empty()) make_memory();
        make_directory(view_.skeleton, 0755);
        for (const char* path : {"proc", "sys", "dev", "tmp", "run", "var", "var/lib", "var/lib/disco"})
            make_directory(view_.skeleton + "/" + path, 0755);
        make_run_points(view_.skeleton + "/run");
        for (const ViewSpec::Bind& bind : view_.bound) bound_.push_back({take(bind), bind.inside});
        if (!view_.resolver_file.empty()) take_resolver_file();
    }

    void make_memory() {
        make_directory(view_.memory, 0755);
        mount("tmpfs", view_.memory, quiet, "mode=0755,size=20%");
        make_directory(view_.memory + "/u", view_.memory_mode);
        make_directory(view_.memory + "/w", 0700);
    }

    /// An overlay's sockets and FIFOs are others than those of its layers: nobody listens there.
    int take(const ViewSpec::Bind& bind) {
        if (bind.overlay.empty() || !wall_stands(Wall::host_sockets))
            return clone(bind.source, readonly_clone);
        const std::string place = next_place();
        add({.kind = Kind::overlay, .target = place, .options = bind.overlay, .flags = quiet | MS_RDONLY});
        return take(place);
    }

    /// The skeleton gives it a place where the tree has none, so that no layer needs one.
    void take_resolver_file() {
        make_directory(view_.skeleton + "/etc", 0755);
        add({.kind = Kind::make_file, .target = view_.skeleton + resolver_file, .mode = 0644});
        resolver_slot_ = clone(view_.resolver_file, readonly_clone);
    }

    void build_kernel_trees() {
        const std::string dev = build_dev();
        const std::string proc = staged("/proc", "proc");
        mount("proc", proc, inert, "");
        // Without a pid namespace of its own, it would be the machine's.
        if (view_.pid_max && wall_stands(Wall::process_numbers) && wall_stands(Wall::pid))
            add({.kind = Kind::write,
                 .target = proc + "/sys/kernel/pid_max",
                 .options = std::to_string(*view_.pid_max),
                 .optional = true});
        for (const char* path : masked_files) mask(proc + path, dev + "/null");
        for (const char* path : masked_directories) mask(proc + path, empty_directory());
        protect_proc(proc);
        take_staged(proc);
        const std::string sysfs = staged("/sys", "sys");
        if (view_.host_sysfs)
            attach(clone("/sys", readonly_clone | MOUNT_ATTR_NOEXEC), sysfs);
        else
            mount("sysfs", sysfs, inert | readonly_sysfs, "");
        mask(sysfs + "/firmware", empty_directory());
        take_staged(sysfs);
    }

    /// What is the machine's in it is read-only, metadata included; the processes' own is theirs to write to.
    void protect_proc(const std::string& proc) {
        if (!wall_stands(Wall::readonly_proc_sys)) return;
        std::set<std::string> entries{view_.proc_entries.begin(), view_.proc_entries.end()};
        if (wall_stands(Wall::masks)) { // a mount each, as it is
            for (const char* path : masked_files) entries.erase(path);
            for (const char* path : masked_directories) entries.erase(path);
        }
        add({.kind = Kind::work_in, .target = proc});
        for (const std::string& path : entries)
            add({.kind = Kind::bind, .target = path.substr(1), .optional = true});
        add({.kind = Kind::work_in, .target = "/"});
        add({.kind = Kind::make_tree_readonly, .target = proc});
        // Below /proc/PID/net the network namespace has files, whose modes are the machine's when that is.
        if (!view_.host_sysfs) add({.kind = Kind::make_writable, .target = proc});
    }

    /// Where `source` of the stage covers what is there.
    void mask(std::string path, std::string source) {
        if (!wall_stands(Wall::masks)) return;
        add({.kind = Kind::mask, .target = std::move(path), .source = std::move(source), .optional = true});
    }

    /// On a read-only mount, whose copies are the same.
    [[nodiscard]] std::string empty_directory() const { return view_.stage + "/empty"; }
    void make_empty_directory() {
        make_directory(empty_directory(), 0555);
        add({.kind = Kind::bind, .target = empty_directory()});
        add({.kind = Kind::make_readonly, .target = empty_directory(), .flags = inert});
    }

    /// Device nodes work here, so nobody may make new ones: the mount becomes read-only.
    std::string build_dev() {
        std::string dev = staged("/dev", "dev");
        mount("tmpfs", dev, MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k,nr_inodes=64");
        struct Device {
            const char* name;
            unsigned major, minor;
        };
        for (const Device& device : {Device{"null", 1, 3}, Device{"zero", 1, 5}, Device{"full", 1, 7},
                                     Device{"random", 1, 8}, Device{"urandom", 1, 9}, Device{"tty", 5, 0}})
            add({.kind = Kind::make_device,
                 .target = fmt::format("{}/{}", dev, device.name),
                 .mode = 0666,
                 .device = makedev(device.major, device.minor)});
        struct Link {
            const char *name, *to;
        };
        for (const Link& link :
             {Link{"fd", "/proc/self/fd"}, Link{"stdin", "/proc/self/fd/0"},
              Link{"stdout", "/proc/self/fd/1"}, Link{"stderr", "/proc/self/fd/2"}, Link{"ptmx", "pts/ptmx"}})
            add({.kind = Kind::make_symlink,
                 .target = fmt::format("{}/{}", dev, link.name),
                 .source = link.to});
        add({.kind = Kind::log, .target = dev + "/log"});
        make_directory(dev + "/pts", 0755);
        make_directory(dev + "/shm", 01777);
        make_directory(dev + "/mqueue", 01777);
        if (wall_stands(Wall::devices))
            add({.kind = Kind::make_readonly, .target = dev, .flags = MS_NOSUID | MS_NOEXEC});
        mount("devpts", dev + "/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
        mount("tmpfs", dev + "/shm", inert, "mode=1777,size=20%");
        // The message queues of the sandbox's IPC namespace. Landlock confines programs to the tree, and
        // mq_open(3) does not go through the tree: without this mount it would fail.
        add({.kind = Kind::mount,
             .target = dev + "/mqueue",
             .type = "mqueue",
             .flags = inert,
             .optional = true});
        take_staged(dev);
        return dev;
    }

    void build_private_trees() {
        const std::string tmp = staged("/tmp", "tmp");
        // Shares of the machine's memory: whatever scripts write, some is left for the machine.
        mount("tmpfs", tmp, quiet, "mode=1777,size=50%");
        take_staged(tmp);
        if (view_.memory.empty()) {
            const std::string run = staged("/run", "run");
            mount("tmpfs", run, quiet, "mode=0755,size=20%");
            make_run_points(run);
            take_staged(run);
        }
        const std::string lock = staged("/run/lock", "lock");
        mount("tmpfs", lock, inert, "mode=1777,size=5%");
        take_staged(lock);
        const std::string disco = staged(model::view_layout::directory, "disco");
        attach(clone(view_.runtime, readonly_clone), disco);
        if (!view_.module.empty()) attach(clone(view_.module, readonly_clone), disco + "/module");
        if (!view_.commands.empty()) attach(clone(view_.commands, readonly_clone), disco + "/restricted");
        take_staged(disco);
        if (view_.broker.empty()) return;
        const std::string broker = staged_directory(model::view_layout::broker_directory, "broker");
        add({.kind = Kind::listen, .target = broker + view_.broker.substr(view_.broker.rfind('/'))});
        take_staged(broker);
    }

    /// What is attached below /run needs a place there.
    void make_run_points(const std::string& run) {
        for (const char* path : {"/lock", "/disco", "/disco-broker"}) make_directory(run + path, 0755);
    }

    /// The state directory's place, with the parameters and nothing else in it.
    void build_own_tree() {
        const std::string place = staged_directory(own, "own");
        if (!view_.parameters.empty()) {
            make_directory(place + "/parameters", 0700);
            make_directory(place + "/parameters/" + view_.node, 0700);
            attach(clone(view_.parameters, readonly_clone), place + "/parameters/" + view_.node);
        }
        take_staged(place);
    }

    void enter(const OverlayMounts& overlays) {
        std::vector<TakenPlace> managed = bound_;
        for (std::size_t i = 1; i < overlays.size(); ++i) {
            const std::string place = next_place();
            mount_overlay(overlays[i], place);
            managed.push_back({take(place), overlays[i].inside});
        }
        mount_overlay(overlays.at(0), view_.view);
        std::vector<TakenPlace> hidden;
        for (const std::string& path : view_.hidden)
            if (!lies_in_own_tree(path) && wall_stands(Wall::masks))
                hidden.push_back({clone(empty_directory(), 0), path});
        add({.kind = Kind::pivot, .target = view_.view});
        std::sort(managed.begin(), managed.end(),
                  [](const auto& a, const auto& b) { return a.inside < b.inside; });
        for (const TakenPlace& taken : managed) attach(taken.slot, taken.inside);
        for (const TakenPlace& taken : stage_) attach(taken.slot, taken.inside);
        for (const TakenPlace& taken : hidden)
            add({.kind = Kind::attach, .target = taken.inside, .slot = taken.slot, .optional = true});
        // move_mount(2) puts it on the name itself where that is a symlink, also a dangling one. An earlier
        // module may have deleted the name.
        if (resolver_slot_ >= 0)
            add({.kind = Kind::attach, .target = resolver_file, .slot = resolver_slot_, .optional = true});
        add({.kind = Kind::let_go, .target = "/"});
    }

    /// A state directory there is not to be seen anyway; elsewhere it is covered.
    [[nodiscard]] bool lies_in_own_tree(const std::string& path) const {
        return std::any_of(stage_.begin(), stage_.end(), [&](const TakenPlace& tree) {
            return path == tree.inside || path.starts_with(tree.inside + "/");
        });
    }

    /// The live overlay is covered by the next one's, and goes with the host's root.
    void mount_overlay(const OverlayMount& overlay, const std::string& place) {
        if (!overlay.live.empty())
            add({.kind = Kind::overlay,
                 .target = view_.live,
                 .options = overlay.live,
                 .flags = quiet | MS_RDONLY});
        // Reading must not set times of access: by that of a copy the scan of the layer finds out what it is
        // a copy of.
        add({.kind = Kind::overlay,
             .target = place,
             .options = overlay.options,
             .flags = quiet | MS_NOATIME});
    }

    static constexpr const char* own = model::view_layout::state;
    static constexpr const char* resolver_file = "/etc/resolv.conf";
    const ViewSpec& view_;
    MountPlan plan_;
    std::vector<TakenPlace> bound_; ///< of the host
    std::vector<TakenPlace> stage_;
    int next_slot_ = 0;
    int places_ = 0;
    int resolver_slot_ = -1;
};

} // namespace

std::string MountStep::describe() const {
    switch (kind) {
    case Kind::overlay: return fmt::format("mount an overlay on '{}' with '{}'", target, options);
    case Kind::clone: return fmt::format("take '{}' into the sandbox", source);
    case Kind::take: return fmt::format("take hold of '{}'", source);
    case Kind::pivot: return fmt::format("make '{}' the root of the sandbox", target);
    case Kind::let_go: return "let the host's root go";
    case Kind::mount: return fmt::format("mount {} on '{}' in the sandbox", type, target);
    case Kind::attach: return fmt::format("attach a mount at '{}' in the sandbox", target);
    case Kind::work_in: return fmt::format("work in '{}' of the sandbox", target);
    case Kind::bind: return fmt::format("mount '{}' on itself in the sandbox", target);
    case Kind::mask: return fmt::format("mask '{}' in the sandbox", target);
    case Kind::make_directory: return fmt::format("make directory '{}' in the sandbox", target);
    case Kind::make_device: return fmt::format("make device '{}' in the sandbox", target);
    case Kind::make_symlink: return fmt::format("make symlink '{}' in the sandbox", target);
    case Kind::make_readonly:
    case Kind::make_tree_readonly: return fmt::format("make '{}' read-only in the sandbox", target);
    case Kind::make_writable: return fmt::format("make '{}' writable in the sandbox", target);
    case Kind::make_file: return fmt::format("make file '{}' in the sandbox", target);
    case Kind::listen: return fmt::format("listen at '{}' in the sandbox", target);
    case Kind::log: return fmt::format("bind the log's socket to '{}' in the sandbox", target);
    case Kind::write: return fmt::format("write '{}' to '{}' in the sandbox", options, target);
    }
    return "?"; // not reached: -Wswitch guards the list
}

MountPlans make_mount_plans(const ViewSpec& view) { return Builder{view}.build(); }

} // namespace disco::sandbox
