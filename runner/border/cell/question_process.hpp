#pragma once

#include "runner/sys/capability_set.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>
#include <unistd.h>

// What belongs to the process of a question, as its supervisor gets at it. The process may be gone at any
// time.
namespace disco::border::cell {

struct Descriptor {
    explicit Descriptor(int number) : fd{number} {}
    Descriptor(Descriptor&& other) noexcept : fd{std::exchange(other.fd, -1)} {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
    int fd;
};

/// The process of a thread: pidfd_open(2) wants one, and a call may come from any of its threads.
[[nodiscard]] pid_t process_of(pid_t thread);

/// This process's own of the other one's descriptor `number`; -1 with errno.
[[nodiscard]] int descriptor_of(pid_t process, int number);

/// Nothing when it is not all there, or too long for anything that is asked.
[[nodiscard]] std::optional<std::string> read_memory(pid_t process, std::uint64_t address, std::size_t size);
/// As much as can be read of it.
[[nodiscard]] std::string read_memory_up_to(pid_t process, std::uint64_t address, std::size_t size);
/// False when it cannot be written as a whole.
[[nodiscard]] bool write_memory(pid_t process, std::uint64_t address, const void* bytes, std::size_t size);

/// SOL_SOCKET's; -1: it is none.
[[nodiscard]] int socket_option(int fd, int option);

/// While it lives this process acts on the kernel's network without any capability.
class WithoutRights {
public:
    WithoutRights();
    WithoutRights(const WithoutRights&) = delete;
    WithoutRights& operator=(const WithoutRights&) = delete;
    /// Keeps errno.
    ~WithoutRights();

private:
    sys::CapabilitySet before_;
};

} // namespace disco::border::cell
