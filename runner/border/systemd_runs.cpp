#include "runner/border/systemd_runs.hpp"

#include <sys/stat.h>

namespace disco::border {

bool systemd_runs(const Host& host) {
    struct stat status = {};
    return host.root == "/" && ::lstat("/run/systemd/system", &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_in_chroot() {
    struct stat own = {}, first = {};
    return ::stat("/", &own) == 0 && ::stat("/proc/1/root", &first) == 0 &&
           (own.st_dev != first.st_dev || own.st_ino != first.st_ino);
}

} // namespace disco::border
