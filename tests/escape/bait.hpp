#pragma once

#include "runner/sys/unique_fd.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::tests {

/// What attempts to escape look for outside the sandbox: a file, descriptors that are not closed on exec, a
/// process, sockets, IPC, keys, a terminal. Made on the machine, and gone with the object.
class Bait {
public:
    /// `outside`: a directory out of the live root; `root`: the live root.
    Bait(const std::filesystem::path& outside, const std::filesystem::path& root);
    Bait(const Bait&) = delete;
    Bait& operator=(const Bait&) = delete;
    ~Bait();

    /// What the names of its keys begin with.
    static constexpr const char* key_prefix = "disco-escape-";

    /// For the payload: "NAME VALUE" lines.
    [[nodiscard]] const std::string& settings() const noexcept { return settings_; }
    /// The program's own end of a terminal, to become its controlling one.
    [[nodiscard]] int terminal() const noexcept { return terminal_.get(); }

private:
    void add(const std::string& name, const std::string& value) { settings_ += name + " " + value + "\n"; }
    static void fill_foreign_directory(const std::filesystem::path& directory);
    void leak_descriptors(const std::filesystem::path& outside, const std::filesystem::path& canary);
    void start_canary();
    void listen_at(const std::string& path);
    /// On a read-only mount, and bound over a file of its own.
    void listen_on_mounts(const std::filesystem::path& root);
    void listen_on_loopback();
    void make_ipc();
    void make_keys(const std::string& unique);
    void make_terminal();

    std::string settings_;
    std::vector<sys::UniqueFd> open_;
    sys::UniqueFd terminal_;
    std::vector<std::filesystem::path> mounts_;
    pid_t canary_ = -1, outsider_ = -1;
    int shm_ = -1, msg_ = -1, sem_ = -1;
    long key_ = -1, session_key_ = -1;
};

} // namespace disco::tests
