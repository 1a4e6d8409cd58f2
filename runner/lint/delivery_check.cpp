#include "runner/lint/delivery_check.hpp"

#include "runner/module/shared_paths.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/sha256.hpp"

#include <array>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::lint {
namespace {

using module::Deliverable;
using module::DeliveredObject;
using module::ModuleContents;

struct Delivered {
    std::string module, file; ///< "files/etc/x"
    DeliveredObject object;   ///< without owners: which numbers their names are, a node's tree says
};

/// Of very large files the size has to do.
std::string digest_of(const Deliverable& item) {
    constexpr off_t most = off_t{64} << 20;
    const sys::UniqueFd parent = sys::open_directory(item.source.parent_path());
    const sys::UniqueFd file = sys::open_beneath(parent.get(), item.source.filename(),
                                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat status = {};
    sys::check(::fstat(file.get(), &status), "look at", item.source);
    if (!S_ISREG(status.st_mode) || status.st_size > most) return fmt::format("{} bytes", status.st_size);
    sys::Sha256 sum;
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t got = sys::check(TEMP_FAILURE_RETRY(::read(file.get(), buffer.data(), buffer.size())),
                                       "read", item.source);
        if (got == 0) return sys::hex(sum.finish());
        sum.update({buffer.data(), static_cast<std::size_t>(got)});
    }
}

/// As a run makes it of the server's copy; see module::Delivery.
Delivered delivered(const std::string& name, const ModuleContents& contents, const Deliverable& item) {
    Delivered found{name, item.in_module, {item.in_module, item.type, {}, {}, {}, {}}};
    if (item.type == model::ObjectType::symlink) {
        found.object.content = item.target;
        return found;
    }
    const auto* rule = model::attribute_rule(contents.attributes, item.path, module::subject_of(item));
    if (rule != nullptr)
        found.object.mode = rule->mode;
    else if (item.type == model::ObjectType::file)
        found.object.mode = item.mode;
    if (item.type == model::ObjectType::file) found.object.content = digest_of(item);
    // What a template prints is not known: two are taken for the same when their texts are.
    if (item.in_module.starts_with("templates/") && item.type == model::ObjectType::file)
        found.object.content += " printed";
    return found;
}

auto key_of(const DeliveredObject& object) { return std::tie(object.type, object.content, object.mode); }

class Deliveries {
public:
    explicit Deliveries(const std::map<std::string, ModuleContents>& modules) : modules_{modules} {}

    /// Path → who delivers it, for those that are not the same everywhere.
    std::map<std::string, std::vector<Delivered>> differing(std::vector<Finding>& findings) const {
        struct Sender {
            const std::string* module;
            const Deliverable* item;
        };
        std::map<std::string_view, std::vector<Sender>> senders;
        for (const auto& [name, contents] : modules_)
            for (const auto* items : {&contents.files, &contents.templates})
                for (const Deliverable& item : *items) senders[item.path].push_back({&name, &item});
        std::map<std::string, std::vector<Delivered>> found;
        for (const auto& [path, all] : senders) {
            if (all.size() < 2) continue;
            std::vector<Delivered> objects;
            for (const Sender& one : all) {
                try {
                    objects.push_back(delivered(*one.module, modules_.at(*one.module), *one.item));
                } catch (const sys::Error& error) {
                    findings.push_back({module_subject(*one.module),
                                        fmt::format("modules/{}/{}", *one.module, one.item->in_module), 0,
                                        Severity::warning, in_words_not_checked(error)});
                }
            }
            for (const Delivered& one : objects)
                if (key_of(one.object) != key_of(objects.front().object)) {
                    found.emplace(path, std::move(objects));
                    break;
                }
        }
        return found;
    }

private:
    const std::map<std::string, ModuleContents>& modules_;
};

} // namespace

void check_deliveries(const std::map<std::string, ModuleContents>& modules,
                      const std::map<std::string, std::set<std::string>>& wanted,
                      std::vector<Finding>& findings) {
    std::set<std::pair<std::string, std::string>> said; // module's file, and how
    for (const auto& [path, senders] : Deliveries{modules}.differing(findings))
        for (const auto& [node, of_node] : wanted) {
            module::SharedPaths shared;
            for (const Delivered& one : senders) {
                if (!of_node.contains(one.module)) continue;
                try {
                    shared.note(path, one.module, one.object);
                } catch (const sys::Error& error) {
                    const std::string file = fmt::format("modules/{}/{}", one.module, one.file);
                    if (said.emplace(file, error.full_text()).second)
                        findings.push_back(
                            {module_subject(one.module), file, 0, Severity::warning,
                             fmt::format("{} (node '{}' wants both)", error.full_text(), node)});
                }
            }
        }
}

} // namespace disco::lint
