#include "policy/guard_index.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <cerrno>
#include <map>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::policy {
namespace {

bool read_number(std::string_view& line, std::size_t& number) {
    const auto read = sys::number_in<std::size_t>(sys::take_until(line, ' '));
    number = read.value_or(0);
    return read.has_value();
}

} // namespace

GuardIndex::GuardIndex(std::string text, const std::string& file) : text_{std::move(text)} {
    for (std::string_view line : sys::lines_of(text_)) {
        Entry entry = {};
        entry.name = sys::take_until(line, ' ');
        entry.file = sys::take_until(line, ' ');
        if (!read_number(line, entry.file_size) || !read_number(line, entry.offset) ||
            !read_number(line, entry.size) || !read_number(line, entry.first_line) || !line.empty() ||
            (!entries_.empty() && entries_.back().name >= entry.name))
            throw sys::Error{fmt::format("'{}' is damaged: install disco again", sys::printable(file))};
        entries_.push_back(entry);
    }
}

std::set<std::string, std::less<>> GuardIndex::names() const {
    std::set<std::string, std::less<>> names;
    for (const Entry& entry : entries_) names.emplace_hint(names.end(), entry.name);
    return names;
}

GuardText GuardIndex::read(std::string_view command, const std::filesystem::path& directory) const {
    const auto entry =
        std::lower_bound(entries_.begin(), entries_.end(), command,
                         [](const Entry& one, std::string_view name) { return one.name < name; });
    if (entry == entries_.end() || entry->name != command)
        throw sys::Error{fmt::format("'{}' is no guarded command", sys::printable(command))};
    const std::filesystem::path file = directory / entry->file;
    const sys::UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) throw sys::SysError{errno, "open", file};
    struct stat status = {};
    sys::check(::fstat(fd.get(), &status), "stat", file);
    std::string text(entry->size, '\0');
    const ssize_t got = sys::check(
        ::pread(fd.get(), text.data(), text.size(), static_cast<off_t>(entry->offset)), "read", file);
    if (static_cast<std::size_t>(status.st_size) != entry->file_size ||
        static_cast<std::size_t>(got) != entry->size)
        throw sys::BadConfiguration{
            fmt::format("'{}' is not what disco was built with: install disco again, and write what is to "
                        "differ into a file of this name in /etc/disco/policy/guarded.d",
                        sys::printable(file.string()))};
    return {std::move(text), file.string(), entry->first_line};
}

std::string print_guard_index(const std::vector<GuardText>& files) {
    std::map<std::string, std::string> lines; // by command
    for (const GuardText& file : files) {
        const std::string name = std::filesystem::path{file.file}.filename();
        std::vector<std::string> commands; // of the passage that has begun
        std::size_t begun = 0, begun_line = 0;
        const auto end_at = [&](std::size_t at) {
            for (const std::string& command : commands)
                lines[command] = fmt::format("{} {} {} {} {} {}\n", command, name, file.text.size(), begun,
                                             at - begun, begun_line);
        };
        std::size_t at = 0;
        for (std::size_t number = file.first_line; at < file.text.size(); ++number) {
            const std::size_t next = std::min(file.text.find('\n', at), file.text.size() - 1) + 1;
            std::string_view line = std::string_view{file.text}.substr(at, next - at);
            if (line.ends_with('\n')) line.remove_suffix(1);
            const auto words = sys::split_words(without_comment(line));
            if (!words.empty() && words.front() == "form")
                throw sys::BadConfiguration{
                    fmt::format("{}:{}: 'form': a shipped file holds whole grammars", file.file, number)};
            if (!words.empty() && words.front() == "command") {
                end_at(at);
                commands.assign(words.begin() + 1, words.end());
                begun = at;
                begun_line = number;
            }
            at = next;
        }
        end_at(file.text.size());
    }
    std::string text;
    for (const auto& [command, line] : lines) text += line;
    return text;
}

} // namespace disco::policy
