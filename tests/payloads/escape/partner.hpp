#pragma once

#include "tests/payloads/escape/attempt.hpp"

#include <sys/types.h>

// What works together with a user of the machine: see tests/escape/outsider.cpp.
namespace escape {

/// Becomes a user other than root, whom the machine has as well.
[[nodiscard]] bool become_somebody();

/// A process of that user, whose name says to the one of the machine what is wanted. It ends after some
/// seconds, or with the object.
class Partner {
public:
    explicit Partner(const char* wish);
    Partner(const Partner&) = delete;
    Partner& operator=(const Partner&) = delete;
    ~Partner();
    /// Nobody can become another user here, or it has been ended.
    [[nodiscard]] bool has_ended() const;
    [[nodiscard]] pid_t process() const { return process_; }

private:
    pid_t process_;
};

/// What the user of the machine says that came of a wish.
[[nodiscard]] Verdict told_by_outsider(const char* wish);

} // namespace escape
