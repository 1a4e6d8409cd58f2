#include "runner/sys/write_back.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace disco::sys {

WriteBack::~WriteBack() {
    if (process_ > 0) (void)wait();
}

void WriteBack::begin(const std::filesystem::path& directory) {
    if (process_ > 0) return;
    const UniqueFd fd = open_directory(directory);
    const pid_t child = check(::fork(), "start a process that writes data to the disk of", directory);
    if (child == 0) ::_exit(::syncfs(fd.get()) == 0 ? 0 : errno); // errno values fit: they are below 256
    process_ = child;
    directory_ = directory;
}

void WriteBack::finish() {
    if (process_ <= 0) return;
    const int error = wait();
    if (error != 0) throw SysError{error, "sync the file system of", directory_};
}

int WriteBack::wait() noexcept {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {}
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0; // killed: it has reported nothing
}

} // namespace disco::sys
