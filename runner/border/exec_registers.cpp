#include "runner/border/exec_registers.hpp"

#include <array>
#include <cerrno>
#include <cstddef>

#include <elf.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

namespace disco::border {
namespace {

/// The registers of a tracee by their set (NT_PRSTATUS …). False with errno.
bool get_registers(pid_t thread, int set, void* registers, std::size_t& size) noexcept {
    struct iovec room = {registers, size};
    if (::ptrace(PTRACE_GETREGSET, thread, set, &room) != 0) return false;
    size = room.iov_len;
    return true;
}

bool set_registers(pid_t thread, int set, void* registers, std::size_t size) noexcept {
    struct iovec bytes = {registers, size};
    return ::ptrace(PTRACE_SETREGSET, thread, set, &bytes) == 0;
}

#if defined(__x86_64__)

/// As the kernel lays them out for programs of 32 bits (asm/user32.h); its headers for programs of 64 bits
/// lack them.
struct NarrowRegisters {
    std::uint32_t ebx, ecx, edx, esi, edi, ebp, eax, ds, es, fs, gs, orig_eax, eip, cs, eflags, esp, ss;
};

/// No restart by the kernel besides.
constexpr auto no_call = static_cast<unsigned long long>(-1);

bool repeat(pid_t thread, const seccomp_data& data, const policy::ExecCall& call, int fd,
            std::uint64_t empty) noexcept {
    constexpr std::uint64_t instruction =
        2; // bytes of syscall and int 0x80; sysenter returns after one of them
    union {
        user_regs_struct wide;
        NarrowRegisters narrow;
    } all = {};
    std::size_t size = sizeof all;
    if (!get_registers(thread, NT_PRSTATUS, &all, size)) return false;
    if (size == sizeof(NarrowRegisters)) { // a process of 32 bits
        NarrowRegisters& to = all.narrow;
        to.eax = 358; // execveat
        to.ebx = static_cast<std::uint32_t>(fd);
        to.ecx = static_cast<std::uint32_t>(empty);
        to.edx = static_cast<std::uint32_t>(call.argv);
        to.esi = static_cast<std::uint32_t>(call.environment);
        to.edi = AT_EMPTY_PATH;
        to.eip = static_cast<std::uint32_t>(data.instruction_pointer - instruction);
        to.orig_eax = static_cast<std::uint32_t>(-1);
        return set_registers(thread, NT_PRSTATUS, &to, sizeof to);
    }
    user_regs_struct& to = all.wide;
    if (call.narrow) { // int 0x80 in a process of 64 bits
        to.rax = 358;
        to.rbx = static_cast<unsigned>(fd);
        to.rcx = empty;
        to.rdx = call.argv;
        to.rsi = call.environment;
        to.rdi = AT_EMPTY_PATH;
    } else {
        to.rax = 322;
        to.rdi = static_cast<unsigned>(fd);
        to.rsi = empty;
        to.rdx = call.argv;
        to.r10 = call.environment;
        to.r8 = AT_EMPTY_PATH;
    }
    to.rip = data.instruction_pointer - instruction;
    to.orig_rax = no_call;
    return set_registers(thread, NT_PRSTATUS, &to, sizeof to);
}

#elif defined(__aarch64__)

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

bool repeat(pid_t thread, const seccomp_data& data, const policy::ExecCall& call, int fd,
            std::uint64_t empty) noexcept {
    union {
        user_pt_regs wide;
        std::array<std::uint32_t, 18> narrow; // r0 to r15, cpsr, orig_r0
    } all = {};
    std::size_t size = sizeof all;
    if (!get_registers(thread, NT_PRSTATUS, &all, size)) return false;
    if (size == sizeof all.narrow) {
        auto& to = all.narrow;
        constexpr std::uint32_t thumb = 0x20; // of cpsr
        to[0] = static_cast<std::uint32_t>(fd);
        to[1] = static_cast<std::uint32_t>(empty);
        to[2] = static_cast<std::uint32_t>(call.argv);
        to[3] = static_cast<std::uint32_t>(call.environment);
        to[4] = AT_EMPTY_PATH;
        to[7] = 387; // execveat
        to[15] = static_cast<std::uint32_t>(data.instruction_pointer - ((to[16] & thumb) != 0 ? 2 : 4));
        return set_registers(thread, NT_PRSTATUS, to.data(), sizeof to);
    }
    user_pt_regs& to = all.wide;
    to.regs[0] = static_cast<std::uint64_t>(fd);
    to.regs[1] = empty;
    to.regs[2] = call.argv;
    to.regs[3] = call.environment;
    to.regs[4] = AT_EMPTY_PATH;
    to.regs[8] = 281; // execveat
    to.pc = data.instruction_pointer - 4;
    int no_call = -1; // no restart by the kernel besides
    return set_registers(thread, NT_PRSTATUS, &to, sizeof to) &&
           set_registers(thread, NT_ARM_SYSTEM_CALL, &no_call, sizeof no_call);
}

#else
#error "no registers for this architecture"
#endif

} // namespace

bool repeat_exec_by_descriptor(pid_t thread, const seccomp_data& data, const policy::ExecCall& call, int fd,
                               std::uint64_t empty) noexcept {
    return repeat(thread, data, call, fd, empty);
}

} // namespace disco::border
