#include "runner/lint/shell_text.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cstddef>

#include <fcntl.h>

#include <fmt/format.h>

namespace disco::lint {

bool read_shell_text(ShellText& text, std::vector<Finding>& findings) {
    constexpr std::size_t longest = std::size_t{1} << 20;
    const auto find = [&](Severity severity, std::string what) {
        findings.push_back({text.subject, text.file, 0, severity, std::move(what)});
        return false;
    };
    try {
        const sys::UniqueFd directory = sys::open_directory(text.place.parent_path());
        // It may have become something else since it was looked at: nothing is waited for.
        const sys::UniqueFd file = sys::open_beneath(directory.get(), text.place.filename(),
                                                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        struct stat status = {};
        sys::check(::fstat(file.get(), &status), "look at", text.place);
        if (!S_ISREG(status.st_mode)) return find(Severity::error, "is no regular file; put a file there");
        if (static_cast<std::size_t>(status.st_size) > longest)
            return find(Severity::warning,
                        fmt::format("is not checked: it holds {} bytes; split it", status.st_size));
        text.text = sys::read_all(file.get(), text.place, longest);
    } catch (const sys::Error& error) {
        return find(Severity::warning, in_words_not_checked(error));
    }
    return true;
}

} // namespace disco::lint
