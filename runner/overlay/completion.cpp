#include "runner/overlay/completion.hpp"

#include "runner/model/overlay_xattrs.hpp"
#include "runner/overlay/whiteout.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/path_length.hpp"
#include "runner/sys/text_number.hpp"
#include "runner/sys/tree_walk.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace disco::overlay {
namespace {

/// A file of the index some of whose names the upperdir lacks.
struct IndexedFile {
    std::string name; ///< in the index
    timespec ctime = {};
    long missing = 0; ///< names
};

/// A directory of the view; empty when it is on another mount.
sys::UniqueFd open_in_view(int directory, const std::string& name,
                           const std::function<std::string()>& shown) {
    try {
        return sys::open_on_mount(directory, name, O_RDONLY | O_DIRECTORY);
    } catch (const sys::SysError& error) {
        if (error.code() == EXDEV) return {};
        throw sys::SysError{error.code(), "open directory", shown()};
    }
}
sys::UniqueFd open_in_view(const sys::TreeWalk& walk) {
    return open_in_view(walk.directory(), walk.name(), [&] { return walk.shown(); });
}

/// A change of nothing, for which overlayfs copies the object up, or links it when the index has it.
void copy_up(int directory, const std::string& name, const struct stat& status, const std::string& path) {
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    sys::check(::utimensat(directory, name.c_str(), times, AT_SYMLINK_NOFOLLOW), "copy up", path);
}

class Completion {
public:
    explicit Completion(const MountedLayer& layer)
        : prefix_{layer.prefix},
          view_{sys::open_beneath(layer.view, ".", O_RDONLY | O_DIRECTORY)},
          upper_{sys::open_directory(layer.upper)},
          index_{sys::try_open_beneath(sys::open_directory(layer.work).get(), "index",
                                       O_RDONLY | O_DIRECTORY)} {}

    void run() {
        find_redirects();
        fill_redirected();
        read_index();
        find_names();
        for (const std::string& path : redirected_) seal(path);
    }

private:
    void find_redirects() {
        sys::TreeWalk walk{sys::open_beneath(upper_.get(), ".", O_RDONLY | O_DIRECTORY), prefix_};
        while (walk.next()) {
            if (!walk.found() || walk.type() != DT_DIR) continue;
            sys::throw_if_interrupted();
            walk.enter();
            if (::fgetxattr(walk.directory(), redirect.c_str(), nullptr, 0) < 0) continue;
            sys::check_path_length(prefix_, walk.path());
            redirected_.push_back(walk.path());
        }
    }

    /// The outermost ones are enough: what is renamed within them is filled with the rest.
    void fill_redirected() {
        const std::string* outer = nullptr;
        for (const std::string& path : redirected_) {
            if (outer != nullptr && path.starts_with(*outer + "/")) continue;
            outer = &path;
            sys::UniqueFd directory = open_in_view(view_.get(), path, [&] { return prefix_ + "/" + path; });
            if (directory) fill(std::move(directory), prefix_ + "/" + path);
        }
    }

    static void fill(sys::UniqueFd directory, const std::string& shown) {
        sys::TreeWalk walk{std::move(directory), shown};
        while (walk.next()) {
            if (!walk.found()) continue;
            sys::throw_if_interrupted();
            const auto status = sys::stat_at(walk.directory(), walk.name());
            if (!status) throw sys::SysError{ENOENT, "copy up", walk.shown()};
            sys::UniqueFd child;
            if (S_ISDIR(status->st_mode)) {
                child = open_in_view(walk);
                if (!child) continue;
            }
            copy_up(walk.directory(), walk.name(), *status, walk.shown());
            if (child) walk.enter(std::move(child));
        }
    }

    void read_index() {
        if (!index_) return;
        for (const sys::DirectoryEntry& entry : sys::list_directory(index_.get(), "index")) {
            const auto status = sys::stat_at(index_.get(), entry.name);
            if (!status || S_ISDIR(status->st_mode) || is_whiteout(*status)) continue;
            const long missing = missing_names(entry.name, *status);
            if (missing > 0) indexed_.push_back({entry.name, status->st_ctim, missing});
        }
    }

    /// Overlayfs notes how many names there are beside the links of the file in the upperdir, of which the
    /// index is one. Other forms of the note are there only for a moment.
    [[nodiscard]] long missing_names(const std::string& name, const struct stat& status) const {
        const auto note =
            sys::read_xattr_at(index_.get(), name, std::string{model::overlay_prefix} + "nlink");
        if (!note || !note->starts_with("U")) return static_cast<long>(status.st_nlink);
        const std::string_view beside = std::string_view{*note}.substr(note->starts_with("U+") ? 2 : 1);
        return sys::number_in<long>(beside).value_or(0) + 1;
    }

    /// Looks for names of indexed files and gives them to the upperdir. They are found by the time of the
    /// file's last change, which all its names in the view share, and no unchanged file has. They share its
    /// inode number, too, but that is not known when the upperdir has no name left.
    void find_names() {
        // Whoever owns a directory of the live root may move it at any time, with a name in it.
        for (int attempt = 0; attempt < 3; ++attempt)
            if (walk_for_names()) return;
        throw sys::Error{"somebody else moves or removes directories all the time, so the other names of a "
                         "file that was changed cannot be found; try again later"};
    }

    /// False: a directory had gone, and there are names left to be found.
    bool walk_for_names() {
        sys::TreeWalk walk{sys::open_beneath(view_.get(), ".", O_RDONLY | O_DIRECTORY), prefix_};
        bool complete = true;
        while (!indexed_.empty() && walk.next()) {
            if (!walk.found()) continue;
            if (walk.type() == DT_DIR) {
                sys::throw_if_interrupted();
                complete &= enter(walk);
                continue;
            }
            const auto status = sys::stat_at(walk.directory(), walk.name());
            if (!status) continue;
            const auto found = std::find_if(indexed_.begin(), indexed_.end(), [&](const IndexedFile& one) {
                return sys::same_moment(one.ctime, status->st_ctim);
            });
            if (found == indexed_.end() || is_in_upper(walk.path())) continue;
            copy_up(walk.directory(), walk.name(), *status, walk.shown());
            note_found(found);
        }
        return complete || indexed_.empty();
    }

    /// False when it is not there any more.
    static bool enter(sys::TreeWalk& walk) {
        try {
            if (sys::UniqueFd child = open_in_view(walk)) walk.enter(std::move(child));
            return true;
        } catch (const sys::SysError& error) {
            const int code = error.code();
            if (code != ENOENT && code != ENOTDIR && code != ELOOP && code != ESTALE) throw;
            return false;
        }
    }

    [[nodiscard]] bool is_in_upper(const std::string& path) const {
        sys::check_path_length(prefix_, path);
        const std::filesystem::path at{path};
        const auto parent = at.has_parent_path() ? at.parent_path() : std::filesystem::path{"."};
        const sys::UniqueFd directory = sys::try_open_beneath(upper_.get(), parent, O_PATH | O_DIRECTORY);
        return directory && sys::stat_at(directory.get(), at.filename()).has_value();
    }

    void note_found(std::vector<IndexedFile>::iterator found) {
        if (--found->missing == 0) {
            indexed_.erase(found);
            return;
        }
        if (const auto status = sys::stat_at(index_.get(), found->name)) found->ctime = status->st_ctim;
    }

    /// Nothing shows through a directory that holds everything. What its whiteouts have hidden lies
    /// elsewhere, and where nothing shows through, overlayfs takes whiteouts for devices.
    void seal(const std::string& path) const {
        remove_whiteouts(sys::open_beneath(upper_.get(), path, O_RDONLY | O_DIRECTORY), path);
        const sys::UniqueFd directory = sys::open_beneath(upper_.get(), path, O_RDONLY | O_DIRECTORY);
        sys::set_xattr_at(directory.get(), ".", std::string{model::overlay_opaque}, "y");
        sys::remove_xattr_at(directory.get(), ".", redirect);
    }

    static void remove_whiteouts(sys::UniqueFd directory, const std::string& path) {
        sys::TreeWalk walk{std::move(directory), path};
        while (walk.next()) {
            if (!walk.found()) continue;
            if (walk.type() == DT_DIR) {
                walk.enter();
            } else if (is_whiteout(walk.directory(), walk.name(), walk.type())) {
                struct stat before = {};
                sys::check(::fstat(walk.directory(), &before), "look at the directory of", walk.shown());
                sys::check(::unlinkat(walk.directory(), walk.name().c_str(), 0), "remove", walk.shown());
                const struct timespec times[2] = {before.st_atim, before.st_mtim};
                sys::check(::futimens(walk.directory(), times), "set the times of the directory of",
                           walk.shown());
            }
        }
    }

    inline static const std::string redirect = std::string{model::overlay_prefix} + "redirect";
    const std::string& prefix_;
    sys::UniqueFd view_, upper_, index_;
    std::vector<std::string> redirected_; ///< paths in the upperdir, outer ones first
    std::vector<IndexedFile> indexed_;
};

} // namespace

void complete_layer(const MountedLayer& layer) { Completion{layer}.run(); }

} // namespace disco::overlay
