#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace disco::tests {

/// A file system in a file, on a loop device. What it holds in memory and has not written to the device is
/// not in the file: a copy of the file is what a loss of power would leave. Writes that the device was given
/// are never lost, nor do they change their order.
class LossyDisk {
public:
    /// Makes the file system and mounts it. `image` is followed by suffixes.
    LossyDisk(std::filesystem::path image, std::string type, unsigned mebibytes, std::filesystem::path at);
    LossyDisk(const LossyDisk&) = delete;
    LossyDisk& operator=(const LossyDisk&) = delete;
    /// Unmounts it.
    ~LossyDisk();

    /// Everything is on disk, and `restore` with this name comes back to it.
    void keep_as(const std::string& name);
    void restore(const std::string& name);

    /// Puts all metadata on disk and no data that is not there yet: what the file system does by itself after
    /// some seconds (ext4: commit=, xfs: its log worker, btrfs: its transaction).
    void commit_metadata() const;
    /// Puts some files and directories on disk, with their data. The same seed takes the same ones of the
    /// same tree.
    void sync_some(unsigned seed) const;
    /// Nobody has anything open on it. Mounts what is left.
    void lose_power();

private:
    void mount();
    void unmount();
    [[nodiscard]] std::filesystem::path kept(const std::string& name) const {
        return image_.native() + "." + name;
    }

    std::filesystem::path image_;
    std::string type_;
    std::filesystem::path at_;
    std::string device_; ///< "loop3"; empty: not mounted
};

} // namespace disco::tests
