#pragma once

#include "runner/sys/error.hpp"

#include <string>

namespace disco::sys {

/// What is wrong with several inputs, to be reported at once: whoever has to mend them wants to do it in one
/// go.
class Objections {
public:
    /// Does the work; what it objects to by BadConfiguration is kept.
    template <class Work> void noting(const Work& work) {
        try {
            work();
        } catch (const BadConfiguration& error) {
            text_ += (text_.empty() ? "" : "\n") + error.full_text();
        }
    }
    /// One BadConfiguration of all, a line each; nothing when there are none.
    void throw_all() const {
        if (!text_.empty()) throw BadConfiguration{text_};
    }

private:
    std::string text_;
};

} // namespace disco::sys
