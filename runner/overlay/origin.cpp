#include "runner/overlay/origin.hpp"

#include "runner/model/overlay_xattrs.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/moment.hpp"

#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <unistd.h>

namespace disco::overlay {
namespace {

/// What trusted.overlay.origin begins with (struct ovl_fb in fs/overlayfs/overlayfs.h); a file handle
/// follows (name_to_handle_at(2)).
struct Header {
    unsigned char version, magic, length, flags, type;
    unsigned char uuid[16];
};
static_assert(sizeof(Header) == 21);
constexpr unsigned char magic = 0xfb;
/// The handle is an overlay's own (OVL_FILEID_V1): that of the live overlay. After three bytes it holds such
/// a header with the handle of the real file.
constexpr unsigned char of_overlay = 0xf8;
constexpr std::size_t overlay_padding = 3;

enum class Found { yes, renamed, no, unknown };

timespec moment(const statx_timestamp& time) {
    return {.tv_sec = time.tv_sec, .tv_nsec = static_cast<long>(time.tv_nsec)};
}

bool later(const statx_timestamp& a, const timespec& b) { return sys::later(moment(a), b); }

/// A rename sets the ctime. A file made since is one of a base layer, which is nobody else's.
bool renamed_since(const struct statx& status, const timespec& started) {
    if (started.tv_sec == 0 || (status.stx_mask & STATX_BTIME) == 0) return false;
    return later(status.stx_ctime, started) && !later(status.stx_btime, started);
}

Found look_for(const std::string& origin, int directory, const timespec& started) {
    Header header = {};
    if (origin.size() <= sizeof header) return Found::unknown;
    std::memcpy(&header, origin.data(), sizeof header);
    if (header.magic != magic || header.length > origin.size() || header.length <= sizeof header)
        return Found::unknown;
    if (header.type == of_overlay) {
        const std::size_t inner = sizeof header + overlay_padding;
        return origin.size() > inner ? look_for(origin.substr(inner), directory, started) : Found::unknown;
    }
    const std::size_t bytes = header.length - sizeof header;
    std::vector<unsigned> room((sizeof(file_handle) + bytes) / sizeof(unsigned) + 1); // aligned
    auto* handle = reinterpret_cast<file_handle*>(room.data());
    handle->handle_bytes = static_cast<unsigned>(bytes);
    handle->handle_type = header.type;
    std::memcpy(handle->f_handle, origin.data() + sizeof header, bytes);
    const int fd = ::open_by_handle_at(directory, handle, O_PATH | O_CLOEXEC);
    if (fd < 0) return errno == ESTALE ? Found::no : Found::unknown;
    struct statx status = {};
    const bool known = ::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &status) == 0;
    ::close(fd);
    if (!known) return Found::unknown;
    if (status.stx_nlink == 0) return Found::no; // somebody has it open
    return renamed_since(status, started) ? Found::renamed : Found::yes;
}

} // namespace

bool origin_was_taken(int upper, const std::string& name, bool directory, int live, const timespec& started) {
    const auto origin = sys::read_xattr_at(upper, name, "trusted.overlay.origin");
    if (!origin) return false;
    // One that the program moved has been completed and made opaque.
    if (directory) return sys::read_xattr_at(upper, name, std::string{model::overlay_opaque}) != "y";
    // It may also have come from the base layer, which lies where the upperdir lies.
    const Found found = look_for(*origin, live, started);
    return found == Found::renamed || (found == Found::no && look_for(*origin, upper, started) == Found::no);
}

bool entries_changed_since(int live, const timespec& started) {
    struct stat status = {};
    if (live < 0) return false;
    sys::check(::fstat(live, &status), "look at a directory of the live root");
    return sys::later(status.st_mtim, started);
}

bool may_be_copy_of_taken(int upper, const std::string& name) {
    if (const auto origin = sys::read_xattr_at(upper, name, "trusted.overlay.origin"))
        return origin->size() <= sizeof(Header); // it names no file
    struct statx status = {};
    sys::check(::statx(upper, name.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &status),
               "look at", name);
    if (S_ISDIR(status.stx_mode)) return false; // its origin is always recorded
    const statx_timestamp& born = (status.stx_mask & STATX_BTIME) != 0 ? status.stx_btime : status.stx_ctime;
    return later(born, moment(status.stx_atime));
}

} // namespace disco::overlay
