// Runs a program as a container's seccomp profile does that refuses some system calls:
// container_payload CALL[,CALL]… PROGRAM [WORD]…, where `new_users` stands for user namespaces

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

struct Call {
    std::string_view name;
    unsigned number;
};
constexpr Call calls[] = {{"keyctl", SYS_keyctl},
                          {"add_key", SYS_add_key},
                          {"request_key", SYS_request_key},
                          {"pivot_root", SYS_pivot_root},
                          {"open_tree", SYS_open_tree},
                          {"move_mount", SYS_move_mount},
                          {"mount_setattr", SYS_mount_setattr},
                          {"fsopen", SYS_fsopen},
                          {"mount", SYS_mount},
                          {"unshare", SYS_unshare},
                          {"setns", SYS_setns},
                          {"clone3", SYS_clone3},
                          {"close_range", SYS_close_range},
                          {"openat2", SYS_openat2},
                          {"seccomp", SYS_seccomp},
                          {"ptrace", SYS_ptrace},
                          {"process_vm_readv", SYS_process_vm_readv},
                          {"process_vm_writev", SYS_process_vm_writev},
                          {"pidfd_getfd", SYS_pidfd_getfd},
                          {"kcmp", SYS_kcmp},
                          {"pidfd_open", SYS_pidfd_open},
                          {"statx", SYS_statx},
                          {"name_to_handle_at", SYS_name_to_handle_at},
                          {"sched_setscheduler", SYS_sched_setscheduler},
                          {"renameat2", SYS_renameat2},
                          {"syncfs", SYS_syncfs},
                          {"execveat", SYS_execveat},
                          {"landlock_create_ruleset", SYS_landlock_create_ruleset}};

const Call* find(std::string_view name) {
    for (const Call& call : calls)
        if (call.name == name) return &call;
    return nullptr;
}

/// clone(2) of a user namespace, as Docker's profile refuses it where the container has no CAP_SYS_ADMIN.
void refuse_new_users(std::vector<sock_filter>& filter) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
    filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 64;
    std::vector<sock_filter> filter = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    std::istringstream names{argv[1]};
    for (std::string name; std::getline(names, name, ',');) {
        if (name == "new_users") {
            refuse_new_users(filter);
            continue;
        }
        const Call* call = find(name);
        if (call == nullptr) {
            std::fprintf(stderr, "container_payload: unknown call %s\n", name.c_str());
            return 64;
        }
        filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, 1));
        filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) { // root needs no no_new_privs
        std::perror("container_payload: cannot install the filter");
        return 1;
    }
    ::execv(argv[2], argv + 2);
    std::perror("container_payload: cannot run the program");
    return 127;
}
