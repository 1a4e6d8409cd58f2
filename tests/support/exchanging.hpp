#pragma once

#include "runner/sys/files.hpp"

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

namespace disco::tests {

/// Whoever owns a directory: exchanges two names in it as fast as can be, while it lives.
class Exchanging {
public:
    Exchanging(const std::filesystem::path& directory, const char* one, const char* other)
        : directory_{sys::open_directory(directory)}, thread_{[this, one, other] {
              while (!over_) ::renameat2(directory_.get(), one, directory_.get(), other, RENAME_EXCHANGE);
          }} {}
    Exchanging(const Exchanging&) = delete;
    Exchanging& operator=(const Exchanging&) = delete;
    ~Exchanging() {
        over_ = true;
        thread_.join();
    }

private:
    sys::UniqueFd directory_;
    std::atomic<bool> over_ = false;
    std::thread thread_; ///< the last one: it uses the others
};

} // namespace disco::tests
