#pragma once

#include <string>
#include <vector>

namespace disco::border {

/// The files of a unit, as systemd.unit(5) says where it looks for them.
struct UnitFiles {
    struct File {
        std::string path, text;
        bool for_all = false; ///< every user may read it

        friend bool operator==(const File&, const File&) = default;
    };
    std::string name;      ///< the unit's own: that of another unit when it was named by an alias
    bool masked = false;   ///< it leads to /dev/null, or holds nothing
    bool fragment = false; ///< the first file is the unit's own; the others go with it
    std::vector<File> files{};

    friend bool operator==(const UnitFiles&, const UnitFiles&) = default;
};

/// The files of a unit, such as "nginx.service", in the tree whose root directory `root` is. Throws Error
/// when a file cannot be read, or there is more than a MiB of them, or more than a thousand in a directory.
[[nodiscard]] UnitFiles read_unit_files(int root, const std::string& unit);

/// The names of the units that links in a unit's directories of dependencies (NAME.wants, NAME.requires) are
/// for, with the directory before each. Throws as read_unit_files does.
[[nodiscard]] std::vector<std::string> wanted_by_links(int root, const std::string& unit);

/// What `systemctl cat` prints of them. Pure.
[[nodiscard]] std::string text_of(const UnitFiles& files);

/// The names of the programs that the unit's commands begin with: "nginx" of "ExecStart=-/usr/sbin/nginx -g
/// x". Pure.
[[nodiscard]] std::vector<std::string> programs_of(const UnitFiles& files);

} // namespace disco::border
