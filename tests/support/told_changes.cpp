#include "tests/support/told_changes.hpp"

#include "runner/report/json_values.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <regex>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

using nlohmann::json;

mode_t type_bits(const std::string& type) {
    static const std::map<std::string, mode_t> bits = {
        {"file", S_IFREG},         {"directory", S_IFDIR},        {"symlink", S_IFLNK}, {"fifo", S_IFIFO},
        {"block-device", S_IFBLK}, {"character-device", S_IFCHR}, {"socket", S_IFSOCK}};
    const auto found = bits.find(type);
    if (found == bits.end()) throw sys::Error{fmt::format("the report tells of a '{}'", type)};
    return found->second;
}

/// The bytes of an attribute, as reports show them, in the form that snapshots have.
std::string shown_attribute(const std::string& value) {
    if (!value.starts_with("0x")) return value;
    std::string bytes;
    for (std::size_t i = 2; i + 1 < value.size(); i += 2)
        bytes += static_cast<char>(std::stoi(value.substr(i, 2), nullptr, 16));
    return sys::printable(bytes);
}

/// "8:1" of a device.
dev_t device_number(const json& rdev) {
    if (rdev.is_null()) return 0;
    const std::string text = rdev;
    return makedev(static_cast<unsigned>(std::stoul(text)),
                   static_cast<unsigned>(std::stoul(text.substr(text.find(':') + 1))));
}

/// An object after its change, in the words of `contents`.
std::string described(const std::string& type, const json& state) {
    const mode_t bits = type_bits(type);
    const auto mode = static_cast<mode_t>(std::stoul(state.at("mode").get<std::string>(), nullptr, 8));
    std::string line = fmt::format("{:o} {}:{} rdev {:x}", bits | mode, state.at("uid").get<uid_t>(),
                                   state.at("gid").get<gid_t>(), device_number(state.at("rdev")));
    if (S_ISREG(bits)) line += fmt::format(" size {}", state.at("size").get<std::uint64_t>());
    for (const auto& [attribute, value] : state.at("xattrs").items())
        line += fmt::format(" {}={}", attribute, shown_attribute(value));
    if (S_ISLNK(bits)) line += " -> " + report::shown_name(state.at("target").get<std::string>());
    if (S_ISREG(bits)) line += " sha256 " + state.at("sha256").get<std::string>();
    return line;
}

} // namespace

Snapshot told_changes(const json& report, const VaryingPaths& varying) {
    Snapshot told;
    for (const json& module : report.at("modules")) {
        const std::string name = module.at("name");
        for (json change : module.at("changes")) {
            const std::string path = change.at("path");
            for (const char* when : {"before", "after"}) {
                if (change.at(when).is_null()) continue;
                change.at(when).erase("mtime");
                if (!varying.contains(path)) continue;
                change.at(when).erase("size");
                change.at(when).erase("sha256");
            }
            if (varying.contains(path)) change.erase("diff");
            const bool first = told.emplace(fmt::format("{} {}", name, path), change.dump()).second;
            if (!first) throw sys::Error{fmt::format("the report tells twice of '{}'", path)};
        }
        std::string actions;
        for (const json& action : module.at("actions")) actions += action.at("argv").dump() + "\n";
        told[name + " actions"] = actions;
    }
    return told;
}

VaryingPaths varying_paths(const json& one, const json& other) {
    const Snapshot first = told_changes(one), second = told_changes(other);
    VaryingPaths varying;
    const auto compare = [&varying](const Snapshot& from, const Snapshot& with) {
        for (const auto& [name, change] : from)
            if (const auto found = with.find(name); found == with.end() || found->second != change)
                varying.insert(name.substr(name.find(' ') + 1));
    };
    compare(first, second);
    compare(second, first);
    return varying;
}

Snapshot with_json_paths(const Snapshot& contents) {
    Snapshot tree;
    for (const auto& [path, object] : contents) tree[report::json_name(path)] = object;
    return tree;
}

Snapshot as_told(const Snapshot& contents_before, const json& report) {
    Snapshot tree = with_json_paths(contents_before);
    for (const json& module : report.at("modules"))
        for (const json& change : module.at("changes")) {
            const std::string path = change.at("path");
            // What was in a directory that goes has changes of its own.
            if (change.at("kind") == "deleted")
                tree.erase(path);
            else
                tree[path] = described(change.at("type"), change.at("after"));
        }
    return tree;
}

Snapshot without_varying(Snapshot contents, const VaryingPaths& varying) {
    static const std::regex content{" size [0-9]+| sha256 [0-9a-f]+"};
    for (auto& [path, object] : contents)
        if (varying.contains(path)) object = std::regex_replace(object, content, "");
    return contents;
}

} // namespace disco::tests
