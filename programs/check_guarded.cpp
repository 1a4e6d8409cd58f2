// Whether the grammars of guarded commands that are shipped are sound, and where each stands. Runs when disco
// is built.

#include "policy/guarded_commands.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cstdio>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: disco-check-guarded DIRECTORY INDEX    (DIRECTORY has guarded.d)\n", stderr);
        return 64;
    }
    try {
        const std::vector<disco::policy::GuardText> texts = disco::policy::read_guard_texts(argv[1], "");
        // All of them, and not each when it is asked for.
        const disco::policy::GuardedCommands all{disco::policy::parse_guard_grammars(texts),
                                                 disco::policy::parse_guard_units(texts)};
        disco::sys::write_file(argv[2], disco::policy::print_guard_index(texts), 0644);
    } catch (const disco::sys::Error& error) {
        std::fprintf(stderr, "disco-check-guarded: %s\n", error.full_text().c_str());
        return 1;
    }
    return 0;
}
