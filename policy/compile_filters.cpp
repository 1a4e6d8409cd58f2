// A tool of the build: writes the seccomp program of every profile as DIRECTORY/PROFILE.bpf.

#include "policy/seccomp_program.hpp"
#include "runner/sys/error.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

int main(int argc, char** argv) {
    using namespace disco;
    if (argc != 2) {
        std::fputs("usage: disco-compile-filters DIRECTORY\n", stderr);
        return 64;
    }
    try {
        for (const auto profile : {model::Profile::template_, model::Profile::strict,
                                   model::Profile::simulate, model::Profile::live}) {
            const auto program = policy::compile_seccomp_program(profile);
            const auto file =
                std::filesystem::path{argv[1]} / (std::string{model::to_string(profile)} + ".bpf");
            std::ofstream out{file, std::ios::binary};
            out.write(reinterpret_cast<const char*>(program.data()),
                      static_cast<std::streamsize>(program.size() * sizeof(sock_filter)));
            if (!out.flush()) throw sys::Error{"cannot write '" + file.string() + "'"};
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "disco-compile-filters: %s\n", error.what());
        return 1;
    }
    return 0;
}
