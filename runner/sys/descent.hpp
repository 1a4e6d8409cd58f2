#pragma once

#include "runner/sys/error.hpp"
#include "runner/sys/unique_fd.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::sys {

/// Somebody has moved a directory to another place while a walk was in it.
class MovedMeanwhile : public Error {
public:
    using Error::Error;
};

/// A way down into a tree and up again. A tree may be deeper than a process may have descriptors: of the
/// levels below the first ones the deepest alone is open, and the way up from there is "..", which has to
/// lead to the directory that it came from.
class Descent {
public:
    /// Begins at a directory. Throws SysError.
    explicit Descent(UniqueFd top);

    /// Where it is; borrowed until the next call that moves it.
    [[nodiscard]] int directory() const noexcept { return levels_.back().fd.get(); }
    /// How many directories it has been entered below the top.
    [[nodiscard]] std::size_t depth() const noexcept { return levels_.size() - 1; }
    /// `inside`: a directory in the one where it is. Throws SysError.
    void enter(UniqueFd inside);
    /// To the directory above, not from the top. Throws SysError; MovedMeanwhile.
    void leave();
    /// After MovedMeanwhile: to the deepest directory that is where it was. `name_in(depth)`: of the one that
    /// was entered from that depth. Throws SysError.
    void reopen(const std::function<std::string(std::size_t depth)>& name_in);

private:
    struct Level {
        UniqueFd fd; ///< empty: of a deep one that is not the deepest
        dev_t device;
        ino_t inode;
    };
    static Level level_of(UniqueFd fd);

    static constexpr std::size_t held = 32; ///< levels that stay open
    std::vector<Level> levels_;
};

} // namespace disco::sys
