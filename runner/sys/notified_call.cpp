#include "runner/sys/notified_call.hpp"

#include "runner/sys/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace disco::sys {
namespace {

bool respond(int listener, std::uint64_t id, int error, std::uint32_t flags) noexcept {
    union { // kernels may read more than this program's headers know of (seccomp(2), SECCOMP_GET_NOTIF_SIZES)
        seccomp_notif_resp known;
        char room[512];
    } response = {.room = {}};
    response.known.id = id;
    response.known.error = -error;
    response.known.flags = flags;
    return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0 || errno == ENOENT;
}

/// As process_vm_readv(2), which a container's seccomp profile may refuse by itself, with the same rights.
ssize_t read_by_file(pid_t thread, std::uint64_t address, void* to, std::size_t size) noexcept {
    char path[32];
    std::snprintf(path, sizeof path, "/proc/%d/mem", thread);
    const UniqueFd memory{::open(path, O_RDONLY | O_CLOEXEC)};
    const ssize_t got = memory ? ::pread(memory.get(), to, size, static_cast<off_t>(address)) : -1;
    if (got < 0 && errno == EACCES) errno = EPERM;
    return got;
}

} // namespace

bool is_waiting(int listener, std::uint64_t id) noexcept {
    return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

bool answer_call(int listener, std::uint64_t id, int error) noexcept {
    return respond(listener, id, error, 0);
}

bool let_call_go_on(int listener, std::uint64_t id) noexcept {
    return respond(listener, id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

std::size_t read_memory(pid_t thread, std::uint64_t address, void* to, std::size_t size) noexcept {
    constexpr std::uint64_t page = 4096;
    std::size_t got = 0;
    while (got < size) {
        const std::uint64_t at = address + got;
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size - got, page - at % page));
        const struct iovec local = {static_cast<char*>(to) + got, part};
        // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of another process
        const struct iovec remote = {reinterpret_cast<void*>(at), part};
        ssize_t read = ::process_vm_readv(thread, &local, 1, &remote, 1, 0);
        if (read < 0 && (errno == EPERM || errno == ENOSYS))
            read = read_by_file(thread, at, local.iov_base, part);
        if (read <= 0) break;
        got += static_cast<std::size_t>(read);
    }
    return got;
}

} // namespace disco::sys
