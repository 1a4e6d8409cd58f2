#pragma once

#include "runner/sys/unique_fd.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace disco::merge {

/// A directory of disco's in the top directory of a managed mount, where the undo store is on another one: it
/// holds what comes, and what is exchanged for it. Whoever owns the top may put another object under its name
/// at any time, or a link. So it is known by owner, mode and inode, reached by descriptor, and nothing else
/// is touched. It cannot be taken elsewhere: to move a directory of mode 0700 out of its parent takes its
/// owner.
class StagingDirectory {
public:
    /// Makes it, with mode 0700. `shown`: its path, for messages. Throws SysError; sys::Error when what is
    /// found under the name is not what was made.
    StagingDirectory(int top, std::string name, std::filesystem::path shown);

    /// The one that was made, also when somebody has renamed it. `inode`: 0 when that is not known, as it is
    /// noted before anything is put there; then it has to be empty. Nothing when there is none. Throws
    /// SysError.
    enum class Content { any, none };
    [[nodiscard]] static std::optional<StagingDirectory> find(int top, const std::string& name,
                                                              std::uint64_t inode, Content content,
                                                              const std::filesystem::path& shown);

    [[nodiscard]] int directory() const noexcept { return directory_.get(); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint64_t inode() const noexcept { return inode_; }

    /// Whether it still is where originals lie: all of them have been copied to the store else.
    [[nodiscard]] bool is_source() const;
    /// It is none any more; on disk when this returns. Throws SysError.
    void end_source() const;
    /// With all it holds. `top`: as above. False when somebody has just put something else under its name:
    /// then it is empty, and may be found again. Throws SysError.
    [[nodiscard]] bool remove(int top) const;

private:
    StagingDirectory(sys::UniqueFd directory, std::uint64_t inode, std::string name,
                     std::filesystem::path shown)
        : directory_{std::move(directory)}, inode_{inode}, name_{std::move(name)}, shown_{std::move(shown)} {}

    sys::UniqueFd directory_;
    std::uint64_t inode_ = 0;
    std::string name_;
    std::filesystem::path shown_;
};

} // namespace disco::merge
