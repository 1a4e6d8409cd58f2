#include "runner/sys/random_number.hpp"

#include "runner/sys/error.hpp"

#include <cerrno>

#include <sys/random.h>

namespace disco::sys {

std::uint64_t random_number() {
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != ssize_t{sizeof number})
        throw SysError{errno, "get random bytes"};
    return number;
}

} // namespace disco::sys
