#include "tests/support/lossy_disk.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/mounted_tree.hpp"

#include <cerrno>
#include <functional>
#include <random>
#include <sstream>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

/// ext4 would save a program that replaces a file without an fsync; others do not. And nothing is to be
/// written by itself while the test runs.
std::string mount_options(const std::string& type) {
    if (type == "ext4") return "loop,noauto_da_alloc,commit=600";
    if (type == "btrfs") return "loop,commit=300";
    return "loop";
}

/// "loop3", of what is mounted at `at`.
std::string device_of(const fs::path& at) {
    std::istringstream lines{sys::read_file("/proc/self/mountinfo")};
    std::string device;
    for (std::string line; std::getline(lines, line);) {
        if (line.find(" " + at.native() + " ") == std::string::npos) continue;
        std::istringstream after{line.substr(line.find(" - ") + 3)};
        std::string type;
        after >> type >> device;
    }
    return fs::path{device}.filename();
}

bool becomes_true(const std::function<bool()>& condition) {
    for (int i = 0; i < 10'000; ++i) {
        if (condition()) return true;
        ::usleep(1000);
    }
    return false;
}

/// Of a block device (Documentation/admin-guide/iostats.rst).
struct Writes {
    unsigned long completed = 0, in_flight = 0;
    explicit Writes(const std::string& device) {
        std::istringstream numbers{sys::read_file("/sys/block/" + device + "/stat")};
        std::vector<unsigned long> fields(17);
        for (unsigned long& field : fields) numbers >> field;
        completed = fields[4] + fields[11] + fields[15]; // writes, discards, flushes
        in_flight = fields[8];
    }
};

void copy_image(const fs::path& from, const fs::path& to) {
    (void)succeed({"cp", "--sparse=always", "--reflink=never", from, to});
}

/// Everything below a directory that can be synced, in the order of the names.
void for_each_below(int directory, const std::function<void(int)>& work) {
    for (const sys::DirectoryEntry& entry : sys::list_directory(directory, "a directory of the test")) {
        if (entry.type != DT_REG && entry.type != DT_DIR) continue;
        const sys::UniqueFd one{::openat(directory, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
        if (!one) throw sys::SysError{errno, "open", entry.name};
        work(one.get());
        if (entry.type == DT_DIR) for_each_below(one.get(), work);
    }
}

/// The file behind a loop device; empty when there is none.
std::string backing_of(const std::string& device) {
    try {
        return sys::read_line_if_exists("/sys/block/" + device + "/loop/backing_file");
    } catch (const sys::SysError& error) {
        if (error.code() != ENODEV) throw; // it was let go between the open and the read
        return {};
    }
}

} // namespace

LossyDisk::LossyDisk(fs::path image, std::string type, unsigned mebibytes, fs::path at)
    : image_{std::move(image)}, type_{std::move(type)}, at_{std::move(at)} {
    make_image(image_, type_, mebibytes);
    fs::create_directories(at_);
    mount();
    fs::remove(at_ / "lost+found");
}

LossyDisk::~LossyDisk() {
    if (!device_.empty()) ::umount2(at_.c_str(), MNT_DETACH);
}

void LossyDisk::mount() {
    (void)succeed({"mount", "-t", type_, "-o", mount_options(type_), image_, at_});
    device_ = device_of(at_);
}

/// A file system lives on as long as a process that is dying holds it, and a second one of the same UUID is
/// refused until then.
void LossyDisk::unmount() {
    const std::string device = std::exchange(device_, {});
    if (device.empty()) return;
    if (!becomes_true([&] { return ::umount2(at_.c_str(), UMOUNT_NOFOLLOW) == 0 || errno != EBUSY; }) ||
        sys::is_mount_point_at(AT_FDCWD, at_))
        throw sys::Error{fmt::format("cannot unmount '{}': something is open there", at_.string())};
    if (!becomes_true([&] { return backing_of(device) != image_; }))
        throw sys::Error{fmt::format("{} still holds '{}', which is unmounted", device, image_.string())};
}

void LossyDisk::keep_as(const std::string& name) {
    unmount();
    copy_image(image_, kept(name));
    mount();
}

void LossyDisk::restore(const std::string& name) {
    unmount();
    copy_image(kept(name), image_);
    mount();
}

void LossyDisk::commit_metadata() const {
    const sys::UniqueFd top = sys::open_directory(at_);
    if (type_ == "btrfs") {
        __u64 transaction = 0;
        sys::check(::ioctl(top.get(), BTRFS_IOC_START_SYNC, &transaction), "commit what is in", at_);
        sys::check(::ioctl(top.get(), BTRFS_IOC_WAIT_SYNC, &transaction), "commit what is in", at_);
        return;
    }
    // An fsync takes all with it that was logged before, and the data of its own file only.
    struct stat status = {};
    sys::check(::fstat(top.get(), &status), "stat", at_);
    sys::check(::fchmod(top.get(), status.st_mode & 07777), "touch", at_);
    sys::check(::fsync(top.get()), "sync", at_);
}

void LossyDisk::sync_some(unsigned seed) const {
    std::mt19937 random{seed};
    for_each_below(sys::open_directory(at_).get(), [&](int one) {
        if (random() % 2 == 0) sys::check(::fsync(one), "sync something in", at_);
    });
}

void LossyDisk::lose_power() {
    const fs::path left = kept("left");
    const auto copied_in_one_piece = [&] {
        const Writes before{device_};
        copy_image(image_, left);
        return before.in_flight == 0 && Writes{device_}.completed == before.completed;
    };
    if (!becomes_true(copied_in_one_piece))
        throw sys::Error{fmt::format("the file system at '{}' never stops writing", at_.string())};
    unmount();
    fs::rename(left, image_);
    mount();
}

} // namespace disco::tests
