#include "runner/border/plain_files.hpp"

#include <cstddef>

namespace disco::border {
namespace {

constexpr std::size_t most = 4096;  ///< then it begins anew
constexpr time_t unchanged_for = 3; ///< seconds: the coarsest times that a file system keeps are of two

} // namespace

PlainFiles::Key PlainFiles::key_of(const struct stat& file) {
    return {file.st_dev, file.st_ino, file.st_size, file.st_ctim.tv_sec, file.st_ctim.tv_nsec};
}

bool PlainFiles::contains(const struct stat& file) const {
    const std::scoped_lock lock{mutex_};
    return files_.contains(key_of(file));
}

void PlainFiles::note(const struct stat& file) {
    if (file.st_ctim.tv_sec > began_ - unchanged_for) return;
    const std::scoped_lock lock{mutex_};
    if (files_.size() >= most) files_.clear();
    files_.insert(key_of(file));
}

} // namespace disco::border
