#include "runner/border/cell/question_process.hpp"

#include "runner/border/cell/failure.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

namespace disco::border::cell {
namespace {

constexpr std::size_t most_bytes = 16U << 20;

} // namespace

pid_t process_of(pid_t thread) {
    char line[256], path[64];
    std::snprintf(path, sizeof path, "/proc/%d/status", thread);
    std::FILE* file = std::fopen(path, "re");
    if (file == nullptr) return thread;
    pid_t process = thread;
    while (std::fgets(line, sizeof line, file) != nullptr)
        if (std::sscanf(line, "Tgid: %d", &process) == 1) break;
    std::fclose(file);
    return process;
}

int descriptor_of(pid_t process, int number) {
    const Descriptor pidfd{static_cast<int>(::syscall(SYS_pidfd_open, process, 0))};
    return pidfd.fd < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd.fd, number, 0));
}

std::optional<std::string> read_memory(pid_t process, std::uint64_t address, std::size_t size) {
    if (size > most_bytes) return std::nullopt;
    std::string bytes = read_memory_up_to(process, address, size);
    return bytes.size() == size ? std::optional{std::move(bytes)} : std::nullopt;
}

std::string read_memory_up_to(pid_t process, std::uint64_t address, std::size_t size) {
    constexpr std::uint64_t page = 4096; // one page that is not there ends a single call at its begin
    std::string bytes(std::min(size, most_bytes), '\0');
    std::size_t got = 0;
    while (got < bytes.size()) {
        const std::uint64_t at = address + got;
        const std::size_t part = std::min<std::size_t>(bytes.size() - got, page - at % page);
        const iovec local = {bytes.data() + got, part};
        const iovec remote = {reinterpret_cast<void*>(at), part}; // NOLINT(performance-no-int-to-ptr)
        if (::process_vm_readv(process, &local, 1, &remote, 1, 0) != static_cast<ssize_t>(part)) break;
        got += part;
    }
    bytes.resize(got);
    return bytes;
}

bool write_memory(pid_t process, std::uint64_t address, const void* bytes, std::size_t size) {
    const iovec local = {const_cast<void*>(bytes), size};          // only read, but iovec is for both
    const iovec remote = {reinterpret_cast<void*>(address), size}; // NOLINT(performance-no-int-to-ptr)
    return size == 0 || ::process_vm_writev(process, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

int socket_option(int fd, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

WithoutRights::WithoutRights() : before_{::cap_get_proc()} {
    if (!before_) fail("look at", "the capabilities");
    const sys::CapabilitySet without{::cap_dup(before_.get())};
    if (!without || ::cap_clear_flag(without.get(), CAP_EFFECTIVE) != 0 || ::cap_set_proc(without.get()) != 0)
        fail("lay down", "the capabilities");
}

WithoutRights::~WithoutRights() {
    const int code = errno;
    if (::cap_set_proc(before_.get()) != 0) ::_exit(cannot); // it could not end the question
    before_.reset();
    errno = code;
}

} // namespace disco::border::cell
