#include "runner/sys/atomic_file.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace disco::sys {

AtomicFile::AtomicFile(std::filesystem::path path, mode_t mode) : path_{std::move(path)} {
    std::string aside = path_.string() + ".XXXXXX";
    fd_ = UniqueFd{::mkostemp(aside.data(), O_CLOEXEC)}; // O_EXCL: nobody's file or link
    if (!fd_) throw SysError{errno, "create a file beside", path_};
    aside_ = std::move(aside);
    if (::fchmod(fd_.get(), mode) == 0) return;
    const SysError error{errno, "set the mode of", aside_};
    ::unlink(aside_.c_str()); // there will be no destructor
    throw error;
}

AtomicFile::~AtomicFile() {
    if (!aside_.empty()) ::unlink(aside_.c_str());
}

void AtomicFile::write(std::string_view bytes) { write_all(fd_.get(), bytes, path_); }

void AtomicFile::sync() { check(::fsync(fd_.get()), "sync", aside_); }

void AtomicFile::commit() {
    check(::rename(aside_.c_str(), path_.c_str()), "replace", path_);
    aside_.clear();
}

} // namespace disco::sys
