#pragma once

#include "runner/model/service_verb.hpp"
#include "runner/model/subject.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace disco::border {

/// A question to the machine, as far as pending actions may have to do with it.
struct PendingQuestion {
    model::ServiceMeaning meaning;
    std::vector<std::string> words; ///< canonical
    std::vector<model::Subject> about;

    /// One of these is among its words: "--quiet".
    [[nodiscard]] bool has(std::string_view word) const;
    /// The values of an option: "--property=A" has "A".
    [[nodiscard]] std::vector<std::string> values(std::string_view option) const;
    /// The words behind `--`, or all but the command and its options where there is none.
    [[nodiscard]] std::vector<std::string> operands() const;
};

/// What it is answered in the machine's place.
struct PendingAnswer {
    int exit = 0;
    std::string output{}, error{};
    std::string refusal{}; ///< not empty: it cannot be known, and why; for people
};

/// For `action`, in words for people, which this run has asked for. `hint`: what else could be done.
[[nodiscard]] PendingAnswer cannot_be_known(std::string_view action, std::string_view hint = {});

} // namespace disco::border
