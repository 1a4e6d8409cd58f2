// Stands in the place of commands in a sandbox: of guarded ones (policy/guarded.d), of those that strict
// scripts may not run, and as disco-defer. Sends what was called to the broker, prints the answer, and ends
// as that says.
//
// Freestanding: without a C library it is a few kilobytes, which matters, as every sandbox gets a copy, and
// it starts on any root.

#include "policy/shim_protocol.hpp"
#include "runner/model/view_layout.hpp"
#include "runner/sys/raw_call.hpp"

#include <cstddef>
#include <cstdint>

#include <linux/stat.h>

namespace {

using namespace disco::policy;
namespace sys = disco::sys;

#if defined(__x86_64__)
asm(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n hlt\n");
#elif defined(__aarch64__)
asm(".globl _start\n_start: mov x29, #0\n mov x0, sp\n bl begin\n brk #0\n");
#endif

[[noreturn]] void end(int code) {
    for (;;) sys::raw_call(__NR_exit_group, code);
}

std::size_t length(const char* text) {
    std::size_t size = 0;
    while (text[size] != '\0') ++size;
    return size;
}

bool same(const char* a, const char* b) {
    while (*a != '\0' && *a == *b) ++a, ++b;
    return *a == *b;
}

const char* base_name(const char* path) {
    const char* base = path;
    for (; *path != '\0'; ++path)
        if (*path == '/') base = path + 1;
    return base;
}

bool begins(const char* text, const char* start) {
    while (*start != '\0' && *text == *start) ++text, ++start;
    return *start == '\0';
}

/// By which file this program was executed: the path, or "/dev/fd/N" by execveat(2) without one. The kernel
/// puts it after the environment (getauxval(3), AT_EXECFN).
const char* execution_name(char** environment) {
    constexpr unsigned long end_of_vector = 0, execution = 31;
    while (*environment != nullptr) ++environment;
    const auto* vector = reinterpret_cast<const unsigned long*>(environment + 1);
    for (; vector[0] != end_of_vector; vector += 2)
        // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the kernel's
        if (vector[0] == execution) return reinterpret_cast<const char*>(vector[1]);
    return "";
}

constexpr long interrupted = -4; // -EINTR

bool write_all(int fd, const char* bytes, std::size_t size) {
    while (size > 0) {
        const long wrote = sys::raw_call(__NR_write, fd, sys::raw_pointer(bytes), static_cast<long>(size));
        if (wrote == interrupted) continue;
        if (wrote <= 0) return false;
        bytes += wrote;
        size -= static_cast<std::size_t>(wrote);
    }
    return true;
}

/// To the broker, whose end is no signal.
bool send_all(int fd, const void* from, std::size_t size) {
    constexpr long no_signal = 0x4000;
    const auto* bytes = static_cast<const char*>(from);
    while (size > 0) {
        const long sent =
            sys::raw_call(__NR_sendto, fd, sys::raw_pointer(bytes), static_cast<long>(size), no_signal, 0, 0);
        if (sent == interrupted) continue;
        if (sent <= 0) return false;
        bytes += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

bool read_all(int fd, char* bytes, std::size_t size) {
    while (size > 0) {
        const long got = sys::raw_call(__NR_read, fd, sys::raw_pointer(bytes), static_cast<long>(size));
        if (got == interrupted) continue;
        if (got <= 0) return false;
        bytes += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

void say(const char* text) { write_all(2, text, length(text)); }

[[noreturn]] void fail(const char* command, const char* why) {
    say("disco: ");
    say(command);
    say(": ");
    say(why);
    say("\n");
    end(126);
}

/// Passes on what the broker sent for a descriptor. Nobody listening is the script's affair.
bool relay(int from, std::uint32_t size, int to) {
    static char buffer[16384];
    while (size > 0) {
        const std::uint32_t part = size < sizeof buffer ? size : sizeof buffer;
        if (!read_all(from, buffer, part)) return false;
        write_all(to, buffer, part);
        size -= part;
    }
    return true;
}

int connect_to_broker() {
    constexpr int unix_family = 1, stream = 1;
    struct {
        std::uint16_t family = unix_family;
        char path[108] = {};
    } address;
    for (std::size_t i = 0; disco::model::view_layout::broker_socket[i] != '\0'; ++i)
        address.path[i] = disco::model::view_layout::broker_socket[i];
    const long fd = sys::raw_call(__NR_socket, unix_family, stream, 0);
    if (fd < 0 || sys::raw_call(__NR_connect, fd, sys::raw_pointer(&address), sizeof address) < 0) return -1;
    return static_cast<int>(fd);
}

/// What the broker sent, in place: the words that end with a NUL in `bytes`. Null: too many.
char** words_in(char* bytes, std::size_t size, char** list, std::size_t most) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < size; at += length(bytes + at) + 1) {
        if (count + 1 >= most) return nullptr;
        list[count++] = bytes + at;
    }
    list[count] = nullptr;
    return list;
}

/// In a sandbox no file gives rights to who executes it. Root can take the group of a set-group-ID file all
/// the same, as it would get it on the machine: crontab's files are that group's. Others cannot, and the
/// report says so.
void take_group_of(const char* path) {
    constexpr unsigned set_group_id_and_execute = 02010;
    static struct statx file;
    if (sys::raw_call(__NR_statx, -100, sys::raw_pointer(path), 0, STATX_MODE | STATX_GID,
                      sys::raw_pointer(&file)) != 0)
        return;
    if ((file.stx_mode & set_group_id_and_execute) == set_group_id_and_execute)
        sys::raw_call(__NR_setresgid, -1, file.stx_gid, file.stx_gid);
}

/// The command itself, with other words if the broker sent some, and with what it added to the environment.
[[noreturn]] void become(const char* command, int broker, const shim::Reply& reply, char** argv,
                         char** environment) {
    static char words[shim::most_word_bytes + 1], variables[4096];
    static char* list[shim::most_new_words + 2];
    static char* all[65536];
    if (reply.output >= sizeof words || reply.error >= sizeof variables ||
        !read_all(broker, words, reply.output) || !read_all(broker, variables, reply.error))
        fail(command, "the sandbox's broker broke off");
    char** received = words_in(words, reply.output, list, sizeof list / sizeof *list);
    if (received == nullptr || received[0] == nullptr) fail(command, "the sandbox's broker sent nonsense");
    char** added = words_in(variables, reply.error, all, 64);
    std::size_t count = 0;
    while (added != nullptr && added[count] != nullptr) ++count;
    for (char** each = environment; *each != nullptr && count + 1 < sizeof all / sizeof *all; ++each)
        all[count++] = *each;
    all[count] = nullptr;
    take_group_of(received[0]);
    sys::raw_call(__NR_execve, sys::raw_pointer(received[0]),
                  sys::raw_pointer(received[1] != nullptr ? received + 1 : argv), sys::raw_pointer(all));
    fail(command, "the command itself cannot be run");
}

/// What SIGCHLD does, as rt_sigaction(2) has it, to be put back: where it is ignored nobody can be waited
/// for.
struct ChildSignal {
    static constexpr long number = 17, mask_bytes = 8;
    long before[4] = {};
    ChildSignal() {
        const long by_default[4] = {};
        sys::raw_call(__NR_rt_sigaction, number, sys::raw_pointer(by_default), sys::raw_pointer(before),
                      mask_bytes);
    }
    ~ChildSignal() { sys::raw_call(__NR_rt_sigaction, number, sys::raw_pointer(before), 0, mask_bytes); }
    ChildSignal(const ChildSignal&) = delete;
    ChildSignal& operator=(const ChildSignal&) = delete;
};

/// Runs the command that the broker sent, and returns its exit code.
int run_to_decide(const char* command, int broker, const shim::Reply& reply, char** environment) {
    static char words[shim::most_word_bytes + 4096];
    static char* list[shim::most_new_words + 2];
    if (reply.output >= sizeof words || !read_all(broker, words, reply.output))
        fail(command, "the sandbox's broker broke off");
    char** received = words_in(words, reply.output, list, sizeof list / sizeof *list);
    if (received == nullptr || received[0] == nullptr) fail(command, "the sandbox's broker sent nonsense");
    constexpr long child_signal = ChildSignal::number;
    const ChildSignal restored;
    const long child = sys::raw_call(__NR_clone, child_signal);
    if (child == 0) {
        sys::raw_call(__NR_execve, sys::raw_pointer(received[0]), sys::raw_pointer(received + 1),
                      sys::raw_pointer(environment));
        fail(command, "the command itself cannot be run");
    }
    if (child < 0) fail(command, "no process can be started that decides whether it is to be done");
    int status = 0;
    long ended = interrupted;
    while (ended == interrupted) ended = sys::raw_call(__NR_wait4, child, sys::raw_pointer(&status), 0, 0);
    if (ended != child)
        fail(command, "how the process ended that decides whether it is to be done is unknown");
    const int signal = status & 0x7f;
    return signal != 0 ? 128 + signal : (status >> 8) & 0xff;
}

bool is_terminal(int fd) {
    constexpr long get_settings = 0x5401; // TCGETS
    static char settings[256];
    return sys::raw_call(__NR_ioctl, fd, get_settings, sys::raw_pointer(settings)) == 0;
}

/// All of it, unless the broker does not want more; it says why in its next reply.
void send_input(int broker) {
    static char buffer[65536];
    shim::InputPart part;
    if (is_terminal(0)) {
        part.bytes = shim::input_is_terminal;
        send_all(broker, &part, sizeof part);
        return;
    }
    for (;;) {
        const long got = sys::raw_call(__NR_read, 0, sys::raw_pointer(buffer), sizeof buffer);
        if (got == interrupted) continue;
        part.bytes = got > 0 ? static_cast<std::uint32_t>(got) : 0;
        if (!send_all(broker, &part, sizeof part) || !send_all(broker, buffer, part.bytes) || got <= 0)
            return;
    }
}

bool send_request(int broker, shim::Request& request, const char* command, int first, int argc, char** argv,
                  char** environment) {
    static char directory[shim::most_directory_bytes];
    request.variable_bytes = request.variables_cut = 0;
    const long cwd = sys::raw_call(__NR_getcwd, sys::raw_pointer(directory), sizeof directory);
    request.directory_bytes = cwd > 1 ? static_cast<std::uint32_t>(cwd - 1) : 0;
    request.umask = static_cast<std::uint32_t>(sys::raw_call(__NR_umask, 077));
    sys::raw_call(__NR_umask, static_cast<long>(request.umask));
    char** end = environment;
    for (; *end != nullptr; ++end) {
        const std::size_t size = length(*end) + 1;
        if (request.variable_bytes + size > shim::most_variable_bytes) {
            request.variables_cut = 1;
            break;
        }
        request.variable_bytes += static_cast<std::uint32_t>(size);
    }
    bool sent = send_all(broker, &request, sizeof request);
    for (int i = first; sent && i < argc; ++i) {
        const char* word = i == 0 ? command : argv[i];
        sent = send_all(broker, word, length(word) + 1);
    }
    for (char** each = environment; sent && each != end; ++each)
        sent = send_all(broker, *each, length(*each) + 1);
    return sent && send_all(broker, directory, request.directory_bytes);
}

int run(int argc, char** argv, char** environment) {
    const char* file = execution_name(environment);
    const char* command = base_name(argv[0]);
    shim::Request request;
    int first = 0;
    if (begins(file, "/dev/fd/")) {
        request.wish = shim::Wish::guarded; // by descriptor; the broker knows what was called
    } else if (same(base_name(file), "disco-defer")) {
        request.wish = shim::Wish::defer;
        command = "disco-defer";
        first = 1;
        if (argc < 2) {
            say("usage: disco-defer COMMAND…: runs the command on the host, after the merge\n");
            return 64;
        }
    } else {
        request.wish = shim::Wish::unlisted; // by a link of the strict scripts' PATH, under that link's name
        if (same(command, "disco-fail")) {
            request.wish = shim::Wish::fail;
            first = 1;
            if (argc != 3) return 64;
        }
    }
    request.words = static_cast<std::uint32_t>(argc - first);
    std::size_t bytes = 0;
    for (int i = first; i < argc; ++i) bytes += length(i == 0 ? command : argv[i]) + 1;
    if (bytes > shim::most_word_bytes) fail(command, "its arguments are too long to be passed on");
    request.word_bytes = static_cast<std::uint32_t>(bytes);
    const auto ask = [&] {
        const int broker = connect_to_broker();
        if (broker < 0)
            fail(command, "stands for a command of the host, and the sandbox's broker does not answer");
        // Also when it did not want to hear all of it: then it says why.
        send_request(broker, request, command, first, argc, argv, environment);
        return broker;
    };
    int broker = ask();
    for (;;) {
        shim::Reply reply;
        if (!read_all(broker, reinterpret_cast<char*>(&reply), sizeof reply))
            fail(command, "the sandbox's broker gave no answer");
        if (reply.kind == shim::Reply::Kind::run) become(command, broker, reply, argv, environment);
        if (reply.kind == shim::Reply::Kind::decide) {
            request.verdict = run_to_decide(command, broker, reply, environment);
            sys::raw_call(__NR_close, broker);
            broker = ask();
            continue;
        }
        if (reply.kind == shim::Reply::Kind::input) {
            send_input(broker);
            continue;
        }
        if (!relay(broker, reply.output, 1) || !relay(broker, reply.error, 2))
            fail(command, "the sandbox's broker broke off");
        if (reply.kind == shim::Reply::Kind::end) return reply.exit;
    }
}

} // namespace

extern "C" {

/// The compiler may call it for what looks like a copy.
void* memcpy(void* to, const void* from, std::size_t size) {
    auto* t = static_cast<volatile char*>(to);
    const auto* f = static_cast<const char*>(from);
    for (std::size_t i = 0; i < size; ++i) t[i] = f[i];
    return to;
}
void* memset(void* to, int value, std::size_t size) {
    auto* t = static_cast<volatile char*>(to);
    for (std::size_t i = 0; i < size; ++i) t[i] = static_cast<char>(value);
    return to;
}

/// From _start, with the stack as the kernel has left it: argc, argv…, null, environment…, null.
[[noreturn]] void begin(long* stack) {
    const int argc = static_cast<int>(stack[0]);
    char** argv = reinterpret_cast<char**>(stack + 1);
    if (argc < 1) end(126);
    end(run(argc, argv, argv + argc + 1));
}
}
