// Whether the grammars of guarded commands that are shipped are sound. Runs when disco is built.

#include "policy/guarded_commands.hpp"
#include "runner/sys/error.hpp"

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: disco-check-guarded DIRECTORY    (which has guarded.d)\n", stderr);
        return 64;
    }
    try {
        // All of them, and not each when it is asked for.
        const disco::policy::GuardedCommands all{
            disco::policy::parse_guard_grammars(disco::policy::read_guard_texts(argv[1], ""))};
    } catch (const disco::sys::Error& error) {
        std::fprintf(stderr, "disco-check-guarded: %s\n", error.full_text().c_str());
        return 1;
    }
    return 0;
}
