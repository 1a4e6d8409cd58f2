#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

// What commands change, and what questions are about, as far as their words say: so that a question whose
// answer an earlier action of the run is going to change is not answered by the machine as it still is. Pure.
namespace disco::model {

/// A part of the machine ("packet-filter", "services"), or some things of it.
struct Subject {
    std::string name;
    std::vector<std::string> objects{}; ///< what of it, by names or paths; none: all of it
    bool loose = false;                 ///< the objects are parts of names, or patterns of them

    friend bool operator==(const Subject&, const Subject&) = default;
};

/// Whether one of the subjects has one of the names.
[[nodiscard]] bool any_named(const std::vector<Subject>& subjects,
                             std::initializer_list<std::string_view> names);

/// "services", or "services of nginx.service".
[[nodiscard]] std::string describe(const Subject& subject);

/// Whether a change of `change` may make another answer to a question about `question`. True where that is
/// not sure. The objects of a change may be whole words of its command line: "--name=web" names "web".
[[nodiscard]] bool concerns(const Subject& change, const Subject& question);

} // namespace disco::model
