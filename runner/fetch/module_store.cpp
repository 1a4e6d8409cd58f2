#include "runner/fetch/module_store.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text_lines.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>

#include <fcntl.h>

#include <fmt/format.h>

namespace disco::fetch {
namespace {

constexpr std::string_view heading = "disco fetch 1\n"; // another layout of the file gets another number

std::filesystem::path record_file(const std::filesystem::path& modules, const std::string& node) {
    return modules / ".fetched" / node;
}

} // namespace

std::filesystem::path ModuleStore::parameters(const std::string& node) const {
    return modules_ / ".parameters" / node;
}

std::optional<FetchRecord> ModuleStore::record(const std::string& node) const {
    const auto text = sys::read_file_if_exists(record_file(modules_, node));
    if (!text || !text->starts_with(heading)) return std::nullopt;
    FetchRecord record;
    for (const std::string_view line : sys::lines_of(std::string_view{*text}.substr(heading.size()))) {
        const std::size_t blank = line.find(' ');
        if (blank == std::string_view::npos) return std::nullopt;
        const std::string_view key = line.substr(0, blank);
        const std::string value{line.substr(blank + 1)};
        if (key == "server")
            record.server = value;
        else if (key == "parameters")
            record.parameters.insert(value);
        else if (key == "module")
            record.modules.insert(value);
        else
            return std::nullopt;
    }
    return record;
}

void ModuleStore::write_record(const std::string& node, const FetchRecord& record) const {
    std::string text{heading};
    text += fmt::format("server {}\n", record.server);
    for (const std::string& name : record.parameters) text += fmt::format("parameters {}\n", name);
    for (const std::string& name : record.modules) text += fmt::format("module {}\n", name);
    sys::write_file_atomically(record_file(modules_, node), text, 0600);
}

void ModuleStore::prepare() const {
    for (const auto& directory : {modules_, modules_ / ".parameters", modules_ / ".fetched"})
        sys::make_directories(directory, 0700);
}

void ModuleStore::swap_in(const std::filesystem::path& staged, const std::filesystem::path& target) {
    if (::renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) return;
    if (errno == EINVAL) { // a file system without exchange; then the name is absent for a moment
        const std::filesystem::path aside = staged.string() + ".replaced";
        if (::rename(target.c_str(), aside.c_str()) != 0 && errno != ENOENT)
            throw sys::SysError{errno, "move away", target};
    } else if (errno != ENOENT) {
        throw sys::SysError{errno, "replace", target};
    }
    sys::check(::rename(staged.c_str(), target.c_str()), "move the fetched copy to", target);
}

} // namespace disco::fetch
