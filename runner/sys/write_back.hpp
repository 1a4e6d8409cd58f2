#pragma once

#include <filesystem>

#include <sys/types.h>

namespace disco::sys {

/// Brings a file system's data to its disk while other work goes on: syncfs(2), in a process of its own as
/// it blocks. It shortens the wait of a later sync and does not stand for it: data may come after it.
class WriteBack {
public:
    WriteBack() = default;
    WriteBack(const WriteBack&) = delete;
    WriteBack& operator=(const WriteBack&) = delete;
    ~WriteBack(); ///< waits

    /// Begins it for the file system of a directory; does nothing if one is under way. Throws SysError.
    void begin(const std::filesystem::path& directory);
    /// Waits for its end. Throws SysError if data could not be written: a later syncfs(2) need not report
    /// that again.
    void finish();

private:
    [[nodiscard]] int wait() noexcept;

    pid_t process_ = -1;
    std::filesystem::path directory_;
};

} // namespace disco::sys
