// What a question must not be able to do. `cell_payload DIRECTORY [NAME…]` tries all, or those named, and
// prints a line for each: "NAME: held: REASON" or "NAME: escaped: HOW". DIRECTORY is one of the machine's, in
// which everybody may write, with a file "victim" and sockets "socket" and "datagrams".

#include "tests/payloads/cell/attempts.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char** argv) {
    using namespace disco::tests::cell;
    if (argc < 2) return 64;
    ::signal(SIGXFSZ, SIG_IGN);
    if (argv[1] == std::string{"--information"}) return std::printf("%s\n", daemon_information().c_str()) < 0;
    const std::vector<std::string> wanted{argv + 2, argv + argc};
    for (const Attempt& attempt : attempts()) {
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), attempt.name) == wanted.end())
            continue;
        errno = 0;
        const bool escaped = attempt.make(argv[1]);
        const int code = errno;
        std::printf("%s: %s: %s\n", attempt.name, escaped ? "escaped" : "held", std::strerror(code));
        std::fflush(stdout);
    }
    return 0;
}
