#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::sandbox {

/// One step of building a merged view; the child walks the list in order, one or two system calls each.
struct MountStep {
    enum class Kind {
        overlay, ///< mount(2) an overlay on `target`, its options relative to the layers' directory
        clone,   ///< open_tree(2): take a copy of the host mount at `source` into `slot`, with `attributes`
        take,    ///< open_tree(2): take the mount at `source` itself into `slot`, to be attached elsewhere
        pivot,   ///< pivot_root(2): make `target` the root; absolute names are resolved in it from now on
        let_go,  ///< umount2(2) the old root, which `pivot` left on top of the new one
        mount,   ///< mount(2) a new file system of `type` on `target`
        attach,  ///< move_mount(2) `slot` to `target`
        bind,    ///< bind `target` on itself
        work_in, ///< chdir(2) to `target`: short names are found sooner, where there are many
        mask,    ///< bind `source` over `target`
        make_directory,     ///< mkdir(2) `target` with `mode`
        make_device,        ///< mknod(2) `target`, character device `device` with `mode`
        make_symlink,       ///< symlink(2) `target` → `source`
        make_readonly,      ///< remount `target` read-only (this mount only)
        make_tree_readonly, ///< and all that is mounted below it
        make_writable,      ///< `target` again (this mount only)
        make_file,          ///< an empty file at `target` with `mode`, to mount on
        log,                ///< bind(2) the socket of the log to `target`
        listen,             ///< bind(2) the broker's socket to `target`
        write,              ///< write(2) `options` to the kernel's file `target`
    };
    Kind kind = Kind::mount;
    std::string target;
    std::string source{};
    std::string type{};
    std::string options{};
    unsigned long flags = 0;      ///< MS_…
    unsigned long attributes = 0; ///< MOUNT_ATTR_… of `clone`
    int slot = -1;
    mode_t mode = 0;
    dev_t device = 0;
    bool optional = false; ///< an absent target, or a type that the kernel lacks, is fine

    [[nodiscard]] std::string describe() const; ///< for messages: "mount proc on '/proc'"
};
using MountPlan = std::vector<MountStep>;

/// What builds a view, in two parts, so that the first can be done while the layer below is still being made.
struct MountPlans {
    MountPlan ahead; ///< all that does not need the layers
    /// The overlays, and everything into its place; one is taken, according to what the layer stands on then.
    std::vector<MountPlan> enter;
};

constexpr int max_slots = 256; ///< copies of host mounts one plan may hold

/// An overlay of one managed mount.
struct OverlayMount {
    std::string inside;  ///< "" for the root, "/home"
    std::string live;    ///< options of a read-only overlay on `live` to be mounted first; empty: none
    std::string options; ///< for mount(2), names relative to the layers' directory
};
using OverlayMounts = std::vector<OverlayMount>; ///< the root first, parents before children

/// What goes into a view besides the overlays.
struct ViewSpec {
    std::vector<OverlayMounts> overlays; ///< alternatives; they give MountPlans::enter
    /// Where a tmpfs is mounted, and directories made in it: the skeleton (mount points that the live root
    /// may lack), an empty one, those where live overlays and the view are mounted, and one where the trees
    /// that need no layer are built.
    std::string ground, skeleton, nothing, live, view, stage;
    std::vector<std::string> hidden; ///< directories of the root shown as empty: the state and scratch
                                     ///< directories, and where the machine mounts automatically
    struct Bind {
        std::string source; ///< on the host
        std::string inside;
        bool file = false;
        std::string overlay{}; ///< options of a read-only overlay that shows it instead; empty: a bind mount
    };
    std::vector<Bind> bound; ///< read-only
    std::string runtime;     ///< host directory shown as /run/disco (prelude, disco-param, shim)
    std::string module;      ///< host directory shown as /run/disco/module; empty: none
    std::string commands;    ///< host directory shown as /run/disco/restricted; empty: none
    std::string parameters;  ///< host directory shown as /var/lib/disco/parameters/NODE; empty: none
    std::string node;
    /// /run is among the overlays, and what is changed there lies in a tmpfs that is mounted here, in `u`,
    /// with `w` to work in; empty: /run is a tmpfs of the sandbox's own.
    std::string memory;
    mode_t memory_mode = 0755;             ///< of `u`: as what it covers has
    std::string broker;                    ///< where the broker's socket is bound; empty: nowhere
    std::string resolver_file;             ///< host file shown as /etc/resolv.conf; empty: the tree's own
    std::vector<std::string> proc_entries; ///< see entries_in_proc
    /// The sandbox's kernel.pid_max, which bounds its processes and threads together; none: the machine's.
    std::optional<std::size_t> pid_max;
    bool host_sysfs =
        false; ///< the network is the host's, so a /sys of its own network namespace cannot be mounted anew
};

/// Pure. The steps in the order that the child must take.
[[nodiscard]] MountPlans make_mount_plans(const ViewSpec& view);

} // namespace disco::sandbox
