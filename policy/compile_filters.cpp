// A tool of the build: writes the seccomp programs as DIRECTORY/sandbox.bpf and
// DIRECTORY/PROFILE.bpf.

#include "policy/seccomp_program.hpp"
#include "runner/sys/error.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace {

void write(const std::filesystem::path& file, const std::vector<sock_filter>& program) {
    std::ofstream out{file, std::ios::binary};
    out.write(reinterpret_cast<const char*>(program.data()),
              static_cast<std::streamsize>(program.size() * sizeof(sock_filter)));
    if (!out.flush()) throw disco::sys::Error{"cannot write '" + file.string() + "'"};
}

} // namespace

int main(int argc, char** argv) {
    using namespace disco;
    if (argc != 2) {
        std::fputs("usage: disco-compile-filters DIRECTORY\n", stderr);
        return 64;
    }
    try {
        const std::filesystem::path directory{argv[1]};
        write(directory / "sandbox.bpf", policy::compile_sandbox_filter());
        for (const auto profile : {model::Profile::template_, model::Profile::strict,
                                   model::Profile::simulate, model::Profile::live})
            write(directory / (std::string{model::to_string(profile)} + ".bpf"),
                  policy::compile_program_filter(profile));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "disco-compile-filters: %s\n", error.what());
        return 1;
    }
    return 0;
}
