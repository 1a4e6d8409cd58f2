// A tool of the build: compiles PROFILES/*.json to DIRECTORY/compiled/NAME, with what disco-on-host needs for
// questions and actions, and writes the table of calls
// that the program reads when an administrator replaces a profile, DIRECTORY/calls. Both are for the
// architecture that it was built for itself.

#include "policy/libseccomp_table.hpp"
#include "policy/policy_store.hpp"
#include "policy/query_calls.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace disco;

void write(const std::filesystem::path& file, std::string_view bytes) {
    std::ofstream out{file, std::ios::binary};
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw sys::Error{"cannot write '" + file.string() + "'"};
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: disco-compile-profiles PROFILES DIRECTORY\n", stderr);
        return 64;
    }
    try {
        const std::filesystem::path profiles_directory{argv[1]}, directory{argv[2]};
        const policy::CallTable table = policy::libseccomp_call_table(policy::native_architecture);
        write(directory / "calls", policy::print_call_table(table));
        const policy::Profiles profiles = policy::read_profiles(
            [&](const std::string& name) -> policy::ProfileText {
                const auto file = profiles_directory / (name + ".json");
                return {sys::read_file(file), file.string()};
            },
            table);
        const auto compiled = directory / "compiled";
        write(compiled / "sandbox", policy::print_confinement(policy::confine_sandbox_by(profiles, table)));
        for (const auto profile : policy::all_profiles)
            write(compiled / model::to_string(profile),
                  policy::print_confinement(policy::confine_program_by(profile, profiles, table)));
        const policy::ProfilePolicy& live = profiles.at(model::Profile::live);
        // For disco-on-host, which is another program: the instructions and nothing else.
        const auto write_filter = [&](const std::string& name, const std::vector<sock_filter>& calls) {
            const auto* bytes = reinterpret_cast<const char*>(calls.data());
            write(compiled / name, {bytes, calls.size() * sizeof(sock_filter)});
        };
        for (const bool services : {false, true})
            for (const bool network : {false, true})
                for (const bool forks : {false, true})
                    for (const bool processes : {false, true}) {
                        const policy::QueryReach reach{services, network, forks, processes};
                        const std::string name = std::string{"query"} + (services ? "-services" : "") +
                                                 (network ? "-network" : "") + (forks ? "-forks" : "") +
                                                 (processes ? "-processes" : "");
                        write_filter(name, policy::compile_query_filter(live, table, reach));
                    }
        write_filter("action", policy::compile_action_filter(live, table));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "disco-compile-profiles: %s\n", error.what());
        return 1;
    }
    return 0;
}
