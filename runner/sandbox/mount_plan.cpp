#include "runner/sandbox/mount_plan.hpp"

#include "runner/sys/error.hpp"

#include <algorithm>

#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

namespace disco::sandbox {
namespace {

using Kind = MountStep::Kind;

constexpr unsigned long quiet = MS_NOSUID | MS_NODEV;
constexpr unsigned long inert = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr unsigned long readonly_clone = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

class Builder {
public:
    explicit Builder(const ViewSpec& view) : view_{view} {}

    MountPlan build() {
        take_from_host();
        enter_root();
        attach_managed();
        build_kernel_trees();
        build_private_trees();
        hide_state();
        return std::move(plan_);
    }

private:
    struct Taken {
        int slot;
        std::string inside;
        bool file;
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
    int clone(std::string source, unsigned long attributes) {
        const int slot = next_slot_++;
        if (slot >= max_slots)
            throw sys::Error{
                fmt::format("the live root has more than {} mounts to show in a sandbox", max_slots)};
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

    /// All that names a host path comes first: after the pivot no host path exists any more, and every target
    /// is resolved inside the view, whatever symlinks a script has left there.
    void take_from_host() {
        lay_ground();
        for (std::size_t i = 1; i < view_.overlays.size(); ++i) {
            mount_overlay(view_.overlays[i]);
            managed_.push_back({clone(view_.view, 0), view_.overlays[i].inside, false});
            add({.kind = Kind::unmount, .target = view_.view});
        }
        for (const ViewSpec::Bind& bind : view_.bound)
            managed_.push_back({clone(bind.source, readonly_clone), bind.inside, bind.file});
        runtime_ = clone(view_.runtime, readonly_clone);
        if (!view_.module.empty()) module_ = clone(view_.module, readonly_clone);
        if (!view_.commands.empty()) commands_ = clone(view_.commands, readonly_clone);
        if (!view_.parameters.empty()) parameters_ = clone(view_.parameters, readonly_clone);
        if (view_.host_sysfs) sysfs_ = clone("/sys", readonly_clone | MOUNT_ATTR_NOEXEC);
    }

    void lay_ground() {
        mount("tmpfs", view_.ground, inert, "mode=0755,nr_inodes=32");
        for (const std::string& place : {view_.nothing, view_.base, view_.view}) make_directory(place, 0755);
        make_directory(view_.skeleton, 0755);
        for (const char* path : {"proc", "sys", "dev", "tmp", "run", "var", "var/lib", "var/lib/disco"})
            make_directory(view_.skeleton + "/" + path, 0755);
    }

    void mount_overlay(const OverlayMount& overlay) {
        if (!overlay.base.empty())
            add({.kind = Kind::overlay,
                 .target = view_.base,
                 .options = overlay.base,
                 .flags = quiet | MS_RDONLY});
        add({.kind = Kind::overlay, .target = view_.view, .options = overlay.options, .flags = quiet});
        if (!overlay.base.empty())
            add({.kind = Kind::unmount, .target = view_.base}); // the overlay has its own hold
    }

    void enter_root() {
        mount_overlay(view_.overlays.at(0));
        add({.kind = Kind::pivot, .target = view_.view});
    }

    void attach_managed() {
        std::sort(managed_.begin(), managed_.end(),
                  [](const auto& a, const auto& b) { return a.inside < b.inside; });
        for (const Taken& taken : managed_) attach(taken.slot, taken.inside);
    }

    void build_kernel_trees() {
        mount("proc", "/proc", inert, "");
        if (sysfs_ >= 0)
            attach(sysfs_, "/sys");
        else
            mount("sysfs", "/sys", inert | MS_RDONLY, "");
        build_dev();
        for (const char* path : {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"})
            add({.kind = Kind::bind_readonly, .target = path, .flags = inert, .optional = true});
        for (const char* path : {"/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                                 "/proc/sched_debug", "/proc/kmsg", "/proc/kpagecount", "/proc/kpageflags"})
            add({.kind = Kind::mask_file, .target = path, .optional = true});
        for (const char* path : {"/proc/acpi", "/proc/asound", "/proc/scsi", "/sys/firmware"})
            add({.kind = Kind::mount,
                 .target = path,
                 .type = "tmpfs",
                 .options = "mode=0555,nr_inodes=2",
                 .flags = inert | MS_RDONLY,
                 .optional = true});
    }

    /// Device nodes work here, so nobody may make new ones: the mount becomes read-only.
    void build_dev() {
        mount("tmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755,nr_inodes=64");
        struct Device {
            const char* name;
            unsigned major, minor;
        };
        for (const Device& device : {Device{"null", 1, 3}, Device{"zero", 1, 5}, Device{"full", 1, 7},
                                     Device{"random", 1, 8}, Device{"urandom", 1, 9}, Device{"tty", 5, 0}})
            add({.kind = Kind::make_device,
                 .target = fmt::format("/dev/{}", device.name),
                 .mode = 0666,
                 .device = makedev(device.major, device.minor)});
        struct Link {
            const char *name, *to;
        };
        for (const Link& link :
             {Link{"fd", "/proc/self/fd"}, Link{"stdin", "/proc/self/fd/0"},
              Link{"stdout", "/proc/self/fd/1"}, Link{"stderr", "/proc/self/fd/2"}, Link{"ptmx", "pts/ptmx"}})
            add({.kind = Kind::make_symlink, .target = fmt::format("/dev/{}", link.name), .source = link.to});
        make_directory("/dev/pts", 0755);
        make_directory("/dev/shm", 01777);
        add({.kind = Kind::make_readonly, .target = "/dev", .flags = MS_NOSUID | MS_NOEXEC});
        mount("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
        mount("tmpfs", "/dev/shm", inert, "mode=1777");
    }

    void build_private_trees() {
        mount("tmpfs", "/tmp", quiet, "mode=1777");
        mount("tmpfs", "/run", quiet, "mode=0755");
        make_directory("/run/lock", 01777);
        make_directory("/run/disco", 0755);
        attach(runtime_, "/run/disco");
        if (module_ >= 0) attach(module_, "/run/disco/module");
        if (commands_ >= 0) attach(commands_, "/run/disco/restricted");
    }

    void hide_state() {
        constexpr const char* own = "/var/lib/disco";
        mount("tmpfs", own, inert, "mode=0755,nr_inodes=64");
        if (parameters_ >= 0) {
            make_directory("/var/lib/disco/parameters", 0755);
            make_directory("/var/lib/disco/parameters/" + view_.node, 0755);
            attach(parameters_, "/var/lib/disco/parameters/" + view_.node);
        }
        // A state directory inside a private tree is not there to be seen; elsewhere it is covered.
        for (const std::string& path : view_.hidden)
            if (path != own)
                add({.kind = Kind::mount,
                     .target = path,
                     .type = "tmpfs",
                     .options = "mode=0000,nr_inodes=2",
                     .flags = inert | MS_RDONLY,
                     .optional = true});
    }

    const ViewSpec& view_;
    MountPlan plan_;
    std::vector<Taken> managed_;
    int next_slot_ = 0;
    int runtime_ = -1, module_ = -1, commands_ = -1, parameters_ = -1, sysfs_ = -1;
};

} // namespace

std::string MountStep::describe() const {
    switch (kind) {
    case Kind::overlay: return fmt::format("mount an overlay on '{}' with '{}'", target, options);
    case Kind::clone: return fmt::format("take '{}' into the sandbox", source);
    case Kind::unmount: return fmt::format("unmount '{}'", target);
    case Kind::pivot: return fmt::format("make '{}' the root of the sandbox", target);
    case Kind::mount: return fmt::format("mount {} on '{}' in the sandbox", type, target);
    case Kind::attach: return fmt::format("attach a mount at '{}' in the sandbox", target);
    case Kind::bind_readonly: return fmt::format("make '{}' read-only in the sandbox", target);
    case Kind::mask_file: return fmt::format("mask '{}' in the sandbox", target);
    case Kind::make_directory: return fmt::format("make directory '{}' in the sandbox", target);
    case Kind::make_device: return fmt::format("make device '{}' in the sandbox", target);
    case Kind::make_symlink: return fmt::format("make symlink '{}' in the sandbox", target);
    case Kind::make_readonly: return fmt::format("make '{}' read-only in the sandbox", target);
    }
    return "?"; // not reached: -Wswitch guards the list
}

MountPlan make_mount_plan(const ViewSpec& view) { return Builder{view}.build(); }

} // namespace disco::sandbox
