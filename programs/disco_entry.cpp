// Where the program begins, before its C library: it executes itself again, from a mount of its directory
// that is read-only and nowhere else. A script of a sandbox can have this very file executed there
// (`#!/proc/self/exe`, or a link to that, as the first thing that a child of this program becomes), and
// whoever runs a file can name it by /proc/PID/exe: but for that mount, root in the sandbox would give the
// machine's file another mode or owner.
//
// In main() that would cost the start of the C and C++ libraries twice, more than all the rest of it. So
// nothing is relocated yet here: no address may be taken from a table, and no function of a library called.

#include "runner/sys/own_program.hpp"
#include "runner/sys/raw_call.hpp"

#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

// The registers that the kernel or a dynamic loader gave are kept for the library's own beginning.
#if defined(__x86_64__)
asm(".globl disco_entry\n"
    "disco_entry: mov %rdx, %rbx\n mov %rsp, %r12\n mov %rsp, %rdi\n and $-16, %rsp\n"
    " call disco_execute_again\n mov %r12, %rsp\n mov %rbx, %rdx\n jmp _start\n");
#elif defined(__aarch64__)
asm(".globl disco_entry\n"
    "disco_entry: mov x19, x0\n mov x0, sp\n bl disco_execute_again\n mov x0, x19\n b _start\n");
#endif

namespace {

using disco::sys::raw_call;
using disco::sys::raw_pointer;

constexpr char variable[] = {DISCO_OWN_PROGRAM_VARIABLE "="};
constexpr unsigned long name_size = sizeof variable - 1;
constexpr long longest_path = 4096; // PATH_MAX
constexpr long read_only = 1;       // statvfs(3), ST_RDONLY

/// Executes the file `name` of `directory` from a read-only mount. Returns when that cannot be done.
void execute(const char* directory, const char* name, char** arguments, char** environment) {
    const long tree = raw_call(__NR_open_tree, AT_FDCWD, raw_pointer(directory), OPEN_TREE_CLONE | O_CLOEXEC);
    if (tree < 0) return;
    mount_attr attributes = {};
    attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
    if (raw_call(__NR_mount_setattr, tree, raw_pointer(""), AT_EMPTY_PATH, raw_pointer(&attributes),
                 sizeof attributes) == 0) {
        const long file = raw_call(__NR_openat, tree, raw_pointer(name), O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (file >= 0) {
            raw_call(__NR_execveat, file, raw_pointer(""), raw_pointer(arguments), raw_pointer(environment),
                     AT_EMPTY_PATH);
            raw_call(__NR_close, file);
        }
    }
    raw_call(__NR_close, tree);
}

} // namespace

/// `stack`: as the kernel leaves it, the number of arguments, they, and the environment (execve(2)).
extern "C" void disco_execute_again(long* stack) {
    constexpr const char* exe = "/proc/self/exe";
    struct statfs mount; // NOLINT(*-member-init): the kernel fills it
    if (raw_call(__NR_statfs, raw_pointer(exe), raw_pointer(&mount)) != 0) return;
    if ((mount.f_flags & read_only) != 0) return;

    char setting[name_size + longest_path];
    for (unsigned long i = 0; i < name_size; ++i) setting[i] = variable[i];
    char* const path = setting + name_size;
    const long size = raw_call(__NR_readlinkat, AT_FDCWD, raw_pointer(exe), raw_pointer(path), longest_path);
    if (size <= 1 || size == longest_path || path[0] != '/') return;
    path[size] = '\0';
    char directory[longest_path];
    long slash = size;
    while (path[slash] != '/') --slash;
    for (long i = 0; i < slash; ++i) directory[i] = path[i];
    directory[0] = '/';
    directory[slash == 0 ? 1 : slash] = '\0';

    char** const arguments = reinterpret_cast<char**>(stack + 1);
    char** const environment = arguments + stack[0] + 1;
    unsigned long settings = 0;
    while (environment[settings] != nullptr) ++settings;
    // At most a sixth of the stack may be taken by these pointers and their texts already (execve(2)).
    auto** const with_path = static_cast<char**>(__builtin_alloca((settings + 2) * sizeof(char*)));
    for (unsigned long i = 0; i < settings; ++i) with_path[i + 1] = environment[i];
    with_path[0] = setting; // the first of a name counts
    with_path[settings + 1] = nullptr;
    execute(directory, path + slash + 1, arguments, with_path);
}
