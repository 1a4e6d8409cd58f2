#include "tests/support/shared_libraries.hpp"

#include "runner/sys/files.hpp"

#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <link.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

/// Where the C library of this process comes from; Debian keeps the others beside it.
fs::path library_directory() {
    static const fs::path directory = [] {
        Dl_info found{};
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): dladdr(3) takes any address
        if (::dladdr(reinterpret_cast<const void*>(&std::puts), &found) == 0)
            throw std::runtime_error{"cannot find the C library of this process"};
        return fs::canonical(found.dli_fname).parent_path();
    }();
    return directory;
}

/// A program or library of this machine's own architecture.
class ElfFile {
public:
    explicit ElfFile(const fs::path& file) : path_{file}, bytes_{sys::read_file(file)} {
        if (!bytes_.starts_with(ELFMAG)) return;
        const auto header = at<ElfW(Ehdr)>(0);
        for (std::size_t i = 0; i < header.e_phnum; ++i)
            segments_.push_back(at<ElfW(Phdr)>(header.e_phoff + i * sizeof(ElfW(Phdr))));
    }

    /// The dynamic linker; empty where none is named.
    [[nodiscard]] std::string interpreter() const {
        for (const auto& segment : segments_)
            if (segment.p_type == PT_INTERP) return text(segment.p_offset);
        return {};
    }

    /// The names of the libraries that it asks for itself.
    [[nodiscard]] std::vector<std::string> needed() const {
        std::vector<std::size_t> names;
        std::size_t strings = 0;
        for (const auto& segment : segments_) {
            if (segment.p_type != PT_DYNAMIC) continue;
            for (std::size_t i = 0; i < segment.p_filesz / sizeof(ElfW(Dyn)); ++i) {
                const auto entry = at<ElfW(Dyn)>(segment.p_offset + i * sizeof(ElfW(Dyn)));
                if (entry.d_tag == DT_NULL) break;
                if (entry.d_tag == DT_NEEDED) names.push_back(entry.d_un.d_val);
                if (entry.d_tag == DT_STRTAB) strings = offset_of(entry.d_un.d_ptr);
            }
        }
        std::vector<std::string> texts;
        for (const std::size_t name : names) texts.push_back(text(strings + name));
        return texts;
    }

private:
    template <class T> [[nodiscard]] T at(std::size_t offset) const {
        T object;
        std::memcpy(&object, checked(offset, sizeof object), sizeof object);
        return object;
    }
    [[nodiscard]] std::string text(std::size_t offset) const {
        return std::string{checked(offset, 1)}; // a std::string is terminated
    }
    [[nodiscard]] const char* checked(std::size_t offset, std::size_t size) const {
        if (offset > bytes_.size() || size > bytes_.size() - offset)
            throw std::runtime_error{fmt::format("{} is cut off", path_.native())};
        return bytes_.data() + offset;
    }
    /// Where in the file the bytes lie that are loaded at an address.
    [[nodiscard]] std::size_t offset_of(ElfW(Addr) address) const {
        for (const auto& segment : segments_)
            if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
                address - segment.p_vaddr < segment.p_filesz)
                return segment.p_offset + (address - segment.p_vaddr);
        throw std::runtime_error{fmt::format("{} has no file bytes at {:#x}", path_.native(), address)};
    }

    fs::path path_;
    std::string bytes_;
    std::vector<ElfW(Phdr)> segments_;
};

} // namespace

void add_shared_libraries_of(const fs::path& program, std::set<fs::path>& libraries) {
    const ElfFile file{program};
    if (const std::string linker = file.interpreter(); !linker.empty()) libraries.insert(linker);
    for (const std::string& name : file.needed()) {
        const fs::path library = library_directory() / name;
        if (!fs::exists(library))
            throw std::runtime_error{fmt::format("{} needs {}, which is not in {}", program.native(), name,
                                                 library_directory().native())};
        if (libraries.insert(library).second) add_shared_libraries_of(library, libraries);
    }
}

} // namespace disco::tests
