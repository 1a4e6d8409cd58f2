#include "runner/model/module_skeleton.hpp"

#include <cstddef>
#include <string_view>

namespace disco::model {
namespace {

constexpr std::string_view requirements =
    R"(# Modules that NAME needs. One a line; `after` is meant where nothing is said. Both bring the module in.
#     base            NAME comes after base
#     after base      the same
#     before website  NAME comes before website
)";

constexpr std::string_view attributes =
    R"(# MODE OWNER:GROUP PATTERN: other than root:root and the mode of the file here. The last line that matches counts.
# `-` keeps; ** stands for any directories; PATTERN/ speaks of directories.
0644 root:root etc/NAME/*.conf
)";

constexpr std::string_view sandbox =
    R"(# How the scripts of this module are confined. Without a line the machine's own settings count.
#     network egress    they reach the network (isolated, egress, host)
#     profile simulate  in a no-op they are not restricted (auto, strict, simulate)
timeout 300
)";

constexpr std::string_view delivered =
    R"(# Delivered by disco, module NAME: every node gets this file as it is.
)";

constexpr std::string_view printing =
    R"(# A template: bash runs it, restricted, and what it prints becomes /etc/NAME/node.conf.
cat <<CONF
# Written by disco, module ${DISCO_MODULE}, for ${DISCO_NODE}.
greeting = $(disco-param get NAME/greeting)
CONF
)";

constexpr std::string_view script =
    R"(#!/bin/bash
# Runs in every dance, after the files are there, in the order of the scripts' names. It sees the machine with all changes
# so far, and what it changes itself is merged when every module has succeeded. A command for the machine, such as
# `systemctl reload NAME`, is run after that.
set -euo pipefail
mkdir -p /var/lib/NAME
)";

constexpr std::string_view check =
    R"(#!/bin/bash
# Runs after the merge and its commands. When it fails, the run has failed.
set -euo pipefail
[[ -s /etc/NAME/node.conf ]]
)";

constexpr std::string_view triggers =
    R"(# PATHS -> COMMAND: when a run changes something there, whichever module did it, the command is run once after the merge;
# and again in later runs until it has succeeded.
#     etc/NAME/** -> systemctl reload NAME
)";

std::string with_name(std::string_view text, std::string_view name) {
    constexpr std::string_view place = "NAME";
    std::string result{text};
    for (std::size_t at = result.find(place); at != std::string::npos;
         at = result.find(place, at + name.size()))
        result.replace(at, place.size(), name);
    return result;
}

} // namespace

std::vector<SkeletonFile> module_skeleton(const std::string& name) {
    struct Row {
        std::string_view path, text;
        mode_t mode;
    };
    std::vector<SkeletonFile> files;
    for (const Row& row :
         {Row{"requires", requirements, 0644}, Row{"attributes", attributes, 0644},
          Row{"sandbox", sandbox, 0644}, Row{"parameters/NAME/greeting", "Hello\n", 0644},
          Row{"files/etc/NAME/NAME.conf", delivered, 0644},
          Row{"templates/etc/NAME/node.conf", printing, 0644}, Row{"scripts/10-NAME.sh", script, 0755},
          Row{"triggers", triggers, 0644}, Row{"checks/10-NAME.sh", check, 0755}})
        files.push_back({with_name(row.path, name), with_name(row.text, name), row.mode});
    return files;
}

} // namespace disco::model
