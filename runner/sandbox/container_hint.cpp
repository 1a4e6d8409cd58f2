#include "runner/sandbox/container_hint.hpp"

#include <cerrno>

namespace disco::sandbox {

const char* container_hint(int error) {
    switch (error) { // root is refused so by a container only
    case EPERM:
    case ENOSYS:
        return " (in a container, its seccomp profile or capabilities refuse it: start it with "
               "CAP_SYS_ADMIN and CAP_MKNOD, with CAP_SYS_PTRACE for guarded commands, and without a "
               "profile, as by "
               "`docker run --cap-add SYS_ADMIN --cap-add MKNOD --cap-add SYS_PTRACE --security-opt "
               "seccomp=unconfined`)";
    case EACCES:
        return " (in a container, its AppArmor profile or SELinux refuses it: start it without, as by "
               "`docker run "
               "--security-opt apparmor=unconfined --security-opt label=disable`)";
    default: return "";
    }
}

} // namespace disco::sandbox
