#include "runner/border/cell/automounts.hpp"

#include "runner/border/cell/failure.hpp"
#include "runner/border/cell/mount_calls.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

struct Automount {
    int id = 0, parent = 0;
    std::string point, type;
};

/// The kernel writes blank, tab, newline and backslash as \ooo.
std::string unescaped(const std::string& field) {
    std::string text;
    for (std::size_t at = 0; at < field.size(); ++at) {
        const auto code = field[at] == '\\' && field.size() - at > 3
                              ? sys::octal_in<unsigned char>(std::string_view{field}.substr(at + 1, 3), 0377)
                              : std::nullopt;
        text += code ? static_cast<char>(*code) : field[at];
        if (code) at += 3;
    }
    return text;
}

/// In the kernel's order: what is mounted on something comes after it.
std::vector<Automount> mounts_seen() {
    constexpr const char* table = "/proc/self/mountinfo";
    std::ifstream lines{table};
    std::vector<Automount> mounts;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields{line};
        Automount mount;
        std::string device, root, word;
        fields >> mount.id >> mount.parent >> device >> root >> mount.point;
        while (fields >> word && word != "-") {} // options
        if (!(fields >> mount.type)) fail("read", table);
        mount.point = unescaped(mount.point);
        mounts.push_back(std::move(mount));
    }
    if (mounts.empty()) fail("read", table);
    return mounts;
}

/// Whether its place leads to it: nothing is mounted on it or over what it is in. Nobody is woken up by that.
bool is_met(const Automount& mount) {
    struct statx status = {};
    return ::statx(AT_FDCWD, mount.point.c_str(), AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID,
                   &status) == 0 &&
           status.stx_mnt_id == static_cast<std::uint64_t>(mount.id);
}

int clone(const std::string& path) {
    const int tree = copy_mount(path.c_str(), AT_RECURSIVE);
    if (tree < 0) fail("copy the mount", path);
    return tree;
}

/// `target` is made a file or a directory, whichever the root of `tree` is.
void attach(int tree, const std::string& cover, const std::string& target) {
    for (std::size_t slash = target.find('/', cover.size() + 1); slash != std::string::npos;
         slash = target.find('/', slash + 1))
        if (::mkdir(target.substr(0, slash).c_str(), 0555) != 0 && errno != EEXIST)
            fail("make a directory for", target);
    struct stat status = {};
    if (::fstat(tree, &status) != 0) fail("look at the mount", target);
    const int made =
        S_ISDIR(status.st_mode) ? ::mkdir(target.c_str(), 0555) : ::mknod(target.c_str(), S_IFREG | 0444, 0);
    if (made != 0 && errno != EEXIST) fail("make a place for", target);
    if (attach_mount(tree, target.c_str()) != 0) fail("attach", target);
    ::close(tree);
}

void cover(const Automount& automount, const std::vector<Automount>& mounts) {
    std::vector<std::pair<int, std::string>> below;
    for (const Automount& each : mounts)
        if (each.parent == automount.id) below.emplace_back(clone(each.point), each.point);
    const char* const place = automount.point.c_str();
    if (::mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0555,size=64k") != 0)
        fail("cover the automount", automount.point);
    for (const auto& [tree, point] : below) attach(tree, automount.point, point);
    if (::mount(nullptr, place, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                nullptr) != 0)
        fail("make read-only", automount.point);
}

} // namespace

void cover_automounts() {
    for (;;) { // one after the other: what lies below is a copy then, with numbers of its own
        const std::vector<Automount> mounts = mounts_seen();
        const auto found = std::find_if(mounts.begin(), mounts.end(), [](const Automount& mount) {
            return mount.type == "autofs" && is_met(mount);
        });
        if (found == mounts.end()) return;
        cover(*found, mounts);
    }
}

} // namespace disco::border::cell
