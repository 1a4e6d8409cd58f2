#pragma once

namespace disco::sandbox {

/// What the keeper of an egress program is given, as plain memory; it runs between clone and exec: no
/// allocation, no exception, no log.
struct EgressKeeperView {
    const char* path = nullptr;
    char* const* argv = nullptr;
    char* const* environment = nullptr;
    int network = -1, ready = -1, words = -1; ///< the parent's descriptors
    int ready_as = -1;                        ///< what number the program knows `ready` by
};

/// The first process of a pid namespace: runs the program, ends when it ends, and takes it along when killed.
[[noreturn]] void run_egress_keeper(const EgressKeeperView& view) noexcept;

} // namespace disco::sandbox
