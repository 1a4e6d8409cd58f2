#include "runner/border/cell/failure.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <unistd.h>

namespace disco::border::cell {

void fail(const char* attempt, const std::string& on) {
    const int code = errno;
    std::fprintf(stderr, "disco: cannot %s '%s': %s\n", attempt, on.c_str(), std::strerror(code));
    std::fflush(stderr);
    ::_exit(cannot);
}

} // namespace disco::border::cell
