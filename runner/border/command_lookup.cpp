#include "runner/border/command_lookup.hpp"

#include "policy/command_directory.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

constexpr int most_links = 40;       // namei.c, MAXSYMLINKS
constexpr int most_interpreters = 5; // exec.c, exec_binprm
constexpr std::size_t heading = 256; // binfmts.h, BINPRM_BUF_SIZE
constexpr std::string_view processes = "/proc/";

/// An empty owner when the path leads nowhere.
sys::UniqueFd open_below(int root, const std::string& path, int flags) {
    struct open_how how = {};
    how.flags = static_cast<__u64>(flags) | O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    sys::UniqueFd fd{static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how))};
    if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        throw sys::SysError{errno, "look up a command of the sandbox", path};
    return fd;
}

std::string link_text(int directory, const char* name) {
    std::array<char, 4096> text; // NOLINT(*-member-init): readlinkat fills it
    const ssize_t size = ::readlinkat(directory, name, text.data(), text.size());
    return size <= 0 ? std::string{} : std::string{text.data(), static_cast<std::size_t>(size)};
}

struct Parts {
    std::string directory, name;
};
Parts split(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

/// By its real path, so that links to directories (/bin) and directories that were made anew are all right.
bool is_command_directory(int root, const std::string& directory) {
    const sys::UniqueFd fd = open_below(root, directory, O_DIRECTORY);
    if (!fd) return false;
    const std::string real = link_text(AT_FDCWD, fmt::format("/proc/self/fd/{}", fd.get()).c_str());
    return std::find(std::begin(policy::command_directories), std::end(policy::command_directories), real) !=
           std::end(policy::command_directories);
}

struct Interpreter {
    std::string path, argument; ///< the argument is one word, blanks and all; empty: none
};

/// As binfmt_script of the kernel reads the first line. `read`: whether there was anything to be read.
std::optional<Interpreter> interpreter(int file, bool& read) {
    sys::UniqueFd fd;
    try {
        fd = sys::reopen_regular(file, "the command");
    } catch (const sys::SysError&) {
        return std::nullopt;
    }
    std::array<char, heading> bytes = {};
    const ssize_t got = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
    read = got > 0;
    std::string_view line{bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    if (!line.starts_with("#!")) return std::nullopt;
    line.remove_prefix(2);
    constexpr std::string_view blanks = " \t"; // a '\r' is part of the name
    line = sys::trimmed(sys::take_line(line), blanks);
    const std::string_view program = sys::take_word(line, blanks);
    if (program.find('\0') != std::string_view::npos || !program.starts_with('/')) return std::nullopt;
    return Interpreter{std::string{program}, std::string{line}};
}

class Lookup {
public:
    Lookup(int root, const IsGuarded& is_guarded, PlainFiles& plain, std::optional<SetIdFile>* set_id)
        : root_{root}, is_guarded_{is_guarded}, plain_{plain}, set_id_{set_id} {}

    std::optional<CalledCommand> at(std::string path, int interpreters) {
        std::optional<CalledCommand> met; // on the way; it counts when a program is at the end
        for (int links = 0; links <= most_links; ++links) {
            path.resize(sys::without_last_slashes(path).size());
            if (!path.starts_with('/')) return std::nullopt;
            const Parts parts = split(path);
            const sys::UniqueFd fd = open_below(root_, path, O_NOFOLLOW);
            // Where /proc/self/root, cwd or fd leads, only the caller could follow. What bears the name of a
            // guarded command there is taken for it.
            if (!fd && path.starts_with(processes) && is_guarded_(parts.name))
                return CalledCommand{parts.name, path};
            struct stat status = {};
            if (!fd || ::fstat(fd.get(), &status) != 0) return std::nullopt;
            if (!met && is_guarded_(parts.name) && is_command_directory(root_, parts.directory))
                met = CalledCommand{parts.name, path};
            if (!S_ISLNK(status.st_mode)) {
                if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) return std::nullopt;
                note_set_id(path, status, fd.get());
                if (met || plain_.contains(status)) return met;
                return by_interpreter(fd.get(), path, status, interpreters);
            }
            std::string target = link_text(fd.get(), "");
            if (target.empty()) return std::nullopt;
            path = target.starts_with('/') ? std::move(target) : parts.directory + "/" + target;
        }
        return std::nullopt;
    }

private:
    void note_set_id(const std::string& path, const struct stat& status, int file) const {
        const bool user = (status.st_mode & S_ISUID) != 0;
        // Without the right to execute it, that bit has had another meaning (mandatory locks).
        const bool group = (status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0;
        bool read = false;
        if (set_id_ != nullptr && (user || group) && !interpreter(file, read)) // of scripts it never counts
            *set_id_ = SetIdFile{path, status.st_uid, status.st_gid, user, group};
    }

    std::optional<CalledCommand> by_interpreter(int file, const std::string& script,
                                                const struct stat& status, int interpreters) {
        if (interpreters == most_interpreters) return std::nullopt;
        bool read = false;
        const auto named = interpreter(file, read);
        if (!named && read) plain_.note(status);
        if (!named) return std::nullopt;
        auto found = at(named->path, interpreters + 1);
        if (!found) return std::nullopt;
        if (found->words.empty()) found->words.push_back(named->path);
        if (!named->argument.empty()) found->words.push_back(named->argument);
        found->words.push_back(script);
        return found;
    }

    int root_;
    const IsGuarded& is_guarded_;
    PlainFiles& plain_;
    std::optional<SetIdFile>* set_id_;
};

} // namespace

std::optional<CalledCommand> look_up_command(int root, std::string path, const IsGuarded& is_guarded,
                                             PlainFiles& plain, std::optional<SetIdFile>* set_id) {
    return Lookup{root, is_guarded, plain, set_id}.at(std::move(path), 0);
}

} // namespace disco::border
