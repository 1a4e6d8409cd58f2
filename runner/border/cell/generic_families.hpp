#pragma once

#include <map>
#include <string>

namespace disco::border::cell {

/// The families of netlink's generic protocol that the kernel has by now: the kernel would load a module for
/// one that is asked by its name and not there.
class GenericFamilies {
public:
    /// Whose messages have this type; empty: nobody's.
    [[nodiscard]] std::string name_of(unsigned type);
    [[nodiscard]] bool has(const std::string& name);

private:
    void look();
    std::map<unsigned, std::string> names_; ///< as they were when the kernel was asked last
};

} // namespace disco::border::cell
