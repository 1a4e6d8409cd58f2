// A tool of the build: compiles PROFILES/*.json to DIRECTORY/compiled/NAME, and writes the table of calls
// that the program reads when an administrator replaces a profile, DIRECTORY/calls.

#include "policy/policy_store.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <seccomp.h>

namespace {

using namespace disco;

void write(const std::filesystem::path& file, std::string_view bytes) {
    std::ofstream out{file, std::ios::binary};
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw sys::Error{"cannot write '" + file.string() + "'"};
}

/// Calls `use` with the number and the name of each call of an architecture. By number: a name may stand for
/// several calls where a multiplexer exists.
template <class Use> void for_each_call(std::uint32_t architecture, Use&& use) {
    constexpr int past_the_last_number = 1024;
    for (int number = 0; number < past_the_last_number; ++number) {
        const std::unique_ptr<char, decltype(&std::free)> name{
            seccomp_syscall_resolve_num_arch(architecture, number), &std::free};
        if (name) use(static_cast<std::uint32_t>(number), std::string{name.get()});
    }
}

policy::CallTable table_of_libseccomp() {
    const std::map<std::string, std::uint32_t> architectures = {
        {"x86_64", SCMP_ARCH_X86_64}, {"i386", SCMP_ARCH_X86}, {"aarch64", SCMP_ARCH_AARCH64}};
    policy::CallTable table = policy::empty_call_table();
    for (policy::AbiTable& abi : table.abis)
        for_each_call(architectures.at(abi.name), [&](std::uint32_t number, std::string name) {
            abi.numbers.emplace(std::move(name), number);
        });
    for (const std::uint32_t architecture :
         std::vector<std::uint32_t>{SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM})
        for_each_call(architecture, [&](std::uint32_t, std::string name) {
            if (!table.knows(name)) table.elsewhere.insert(std::move(name));
        });
    return table;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: disco-compile-profiles PROFILES DIRECTORY\n", stderr);
        return 64;
    }
    try {
        const std::filesystem::path profiles_directory{argv[1]}, directory{argv[2]};
        const policy::CallTable table = table_of_libseccomp();
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
    } catch (const std::exception& error) {
        std::fprintf(stderr, "disco-compile-profiles: %s\n", error.what());
        return 1;
    }
    return 0;
}
