#include "runner/border/systemd_runs.hpp"

#include <sys/stat.h>

namespace disco::border {

bool systemd_runs(const Host& host) {
    struct stat status = {};
    return host.root == "/" && ::lstat("/run/systemd/system", &status) == 0 && S_ISDIR(status.st_mode);
}

} // namespace disco::border
