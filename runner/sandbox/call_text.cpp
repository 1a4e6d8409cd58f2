#include "runner/sandbox/call_text.hpp"

#include "runner/sys/printable.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <string_view>
#include <vector>

#include <linux/audit.h>
#include <linux/reboot.h>
#include <sched.h>
#include <sys/mount.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::sandbox {
namespace {

constexpr std::size_t longest_text = 256;

std::string text_at(std::uint64_t address, const ReadMemory& read, std::size_t most = longest_text) {
    if (address == 0) return "-";
    std::array<char, longest_text> bytes = {};
    const std::string_view got{bytes.data(), read(address, bytes.data(), std::min(most, bytes.size()))};
    if (got.empty()) return "?";
    const std::size_t end = got.find('\0');
    return sys::printable(got.substr(0, end)) +
           (end == std::string_view::npos && most > longest_text ? "…" : "");
}

struct Flag {
    std::uint64_t bit;
    const char* name;
};

template <std::size_t N>
std::string flags_in(std::uint64_t value, const std::array<Flag, N>& names, const char* separator) {
    std::vector<const char*> found;
    for (const Flag& flag : names)
        if ((value & flag.bit) != 0) found.push_back(flag.name);
    return fmt::format("{}", fmt::join(found, separator));
}

std::string mount_text(const CallMade& call, const ReadMemory& read) {
    constexpr std::array<Flag, 5> names = {
        {{MS_REMOUNT, "remount"},
         {MS_BIND, "bind"},
         {MS_MOVE, "move"},
         {MS_RDONLY, "read-only"},
         {MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE, "propagation"}}};
    std::string text = fmt::format("mount({}, {}, {}", text_at(call.arguments[0], read),
                                   text_at(call.arguments[1], read), text_at(call.arguments[2], read));
    if (const std::string flags = flags_in(call.arguments[3], names, ", "); !flags.empty())
        text += ", " + flags;
    return text + ")";
}

std::string unshare_text(const CallMade& call, const ReadMemory&) {
    constexpr std::array<Flag, 7> names = {{{CLONE_NEWNS, "mount"},
                                            {CLONE_NEWUSER, "user"},
                                            {CLONE_NEWPID, "pid"},
                                            {CLONE_NEWNET, "network"},
                                            {CLONE_NEWIPC, "ipc"},
                                            {CLONE_NEWUTS, "uts"},
                                            {CLONE_NEWCGROUP, "cgroup"}}};
    return fmt::format("unshare({})", flags_in(call.arguments[0], names, ", "));
}

std::string reboot_text(const CallMade& call, const ReadMemory&) {
    switch (static_cast<std::uint32_t>(call.arguments[2])) {
    case LINUX_REBOOT_CMD_RESTART:
    case LINUX_REBOOT_CMD_RESTART2: return "reboot(restart)";
    case LINUX_REBOOT_CMD_HALT: return "reboot(halt)";
    case LINUX_REBOOT_CMD_POWER_OFF: return "reboot(power off)";
    case LINUX_REBOOT_CMD_CAD_ON:
    case LINUX_REBOOT_CMD_CAD_OFF: return "reboot(Ctrl-Alt-Del)";
    case LINUX_REBOOT_CMD_KEXEC: return "reboot(kexec)";
    case LINUX_REBOOT_CMD_SW_SUSPEND: return "reboot(suspend)";
    default: return fmt::format("reboot({:#x})", static_cast<std::uint32_t>(call.arguments[2]));
    }
}

/// What the shape of a call says about its arguments: s a text, n a text of the length that follows, d a
/// number, . one that is not shown.
std::string shaped(const CallMade& call, std::string_view shape, const ReadMemory& read) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const std::uint64_t argument = call.arguments.at(i);
        if (shape[i] == 's') words.push_back(text_at(argument, read));
        if (shape[i] == 'n')
            words.push_back(text_at(argument, read, static_cast<std::size_t>(call.arguments.at(i + 1))));
        if (shape[i] == 'd') words.push_back(fmt::format("{}", static_cast<std::int32_t>(argument)));
    }
    return fmt::format("{}({})", call.name, fmt::join(words, ", "));
}

/// The seconds at an address: of a time_t, the first member of timespec and timeval, too.
std::string clock_text(std::uint64_t address, bool narrow, const ReadMemory& read) {
    std::int64_t seconds = 0;
    std::int32_t narrow_seconds = 0;
    if (address == 0) return "set the clock's time zone";
    const bool known = narrow ? read(address, &narrow_seconds, sizeof narrow_seconds) == sizeof narrow_seconds
                              : read(address, &seconds, sizeof seconds) == sizeof seconds;
    const std::time_t moment = narrow ? narrow_seconds : seconds;
    std::tm parts = {};
    std::array<char, 64> text = {};
    if (!known || ::gmtime_r(&moment, &parts) == nullptr ||
        std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        return "set the clock";
    return fmt::format("set the clock to {}", text.data());
}

using Describe = std::string (*)(const CallMade&, const ReadMemory&);
const std::map<std::string_view, Describe> own_words = {
    {"mount", mount_text}, {"unshare", unshare_text}, {"reboot", reboot_text}};

const std::map<std::string_view, std::string_view> shapes = {
    {"umount", "s"},        {"umount2", "s"},
    {"pivot_root", "ss"},   {"move_mount", ".s.s"},
    {"swapon", "s"},        {"swapoff", "s"},
    {"sethostname", "n"},   {"setdomainname", "n"},
    {"acct", "s"},          {"delete_module", "s"},
    {"init_module", "..s"}, {"finit_module", "ds"},
    {"kexec_load", ".d"},   {"kexec_file_load", "dd"},
    {"quotactl", ".s"},     {"setns", "d"},
    {"bpf", "d"},           {"chroot", "s"}};

/// Which argument of a call holds the new time, and whether it is 64 bits wide also for 32-bit programs.
struct ClockCall {
    std::size_t argument = 0;
    bool always_wide = false;
};
const std::map<std::string_view, ClockCall> clock_calls = {
    {"settimeofday", {0}}, {"clock_settime", {1}}, {"clock_settime64", {1, true}}, {"stime", {0}}};

} // namespace

bool is_narrow(std::uint32_t audit_arch) { return (audit_arch & __AUDIT_ARCH_64BIT) == 0; }

std::string describe_call(const CallMade& call, const ReadMemory& read) {
    if (const auto clock = clock_calls.find(call.name); clock != clock_calls.end())
        return clock_text(call.arguments.at(clock->second.argument),
                          call.narrow && !clock->second.always_wide, read);
    if (const auto own = own_words.find(call.name); own != own_words.end())
        return fmt::format("call: {}", own->second(call, read));
    if (const auto shape = shapes.find(call.name); shape != shapes.end())
        return fmt::format("call: {}", shaped(call, shape->second, read));
    return fmt::format("call: {}", call.name);
}

} // namespace disco::sandbox
