#pragma once

#include "runner/model/attributes.hpp"
#include "runner/model/object_state.hpp"
#include "runner/model/sandbox_settings.hpp"
#include "runner/model/triggers.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace disco::module {

/// Something of files/ or templates/ that belongs at `path` of the tree.
struct Deliverable {
    std::string path;                                 ///< relative to the root: "etc/nginx/nginx.conf"
    std::filesystem::path source;                     ///< on the host
    std::string in_module;                            ///< "files/etc/nginx/nginx.conf", for messages
    model::ObjectType type = model::ObjectType::file; ///< file, directory or symlink
    mode_t mode = 0;
    std::string target; ///< of symlinks
};

/// Which lines of `attributes` may speak of it. None speaks of a symlink, which has no mode, and is root's.
[[nodiscard]] inline model::AttributeSubject subject_of(const Deliverable& item) {
    return item.type == model::ObjectType::directory ? model::AttributeSubject::directory
                                                     : model::AttributeSubject::file;
}

struct Script {
    std::string in_module;                ///< "scripts/10-x.sh"
    std::vector<std::string> interpreter; ///< of its #! line: program and at most one argument; empty: none
};

/// Something to say about a file of a module.
struct Remark {
    std::string file; ///< "attributes", "files/tmp/x"; printable
    int line = 0;     ///< 0: it is about the whole file
    std::string text; ///< goes on from the file's name: "means nothing: rename it to scripts/"
};

/// For people: "modules/m/script means nothing: …", "modules/m/attributes:3: …".
[[nodiscard]] std::string in_words(const Remark& remark, const std::string& module);

/// A fetched module, read and checked: values only.
struct ModuleContents {
    std::string name;
    std::filesystem::path directory;
    std::vector<Deliverable> files;     ///< with directories, parents first
    std::vector<Deliverable> templates; ///< likewise
    std::vector<Script> scripts, checks;
    std::vector<model::AttributeRule> attributes;
    model::SandboxSettings sandbox;
    std::vector<model::Trigger> triggers;
    std::vector<Remark> unused; ///< files, and lines of files, that nothing is done with
    [[nodiscard]] bool empty() const { return files.empty() && templates.empty() && scripts.empty(); }
};

struct Inspection {
    ModuleContents contents; ///< as far as they can be read
    std::vector<Remark> objections;
};

/// Finds everything that is wrong with the module: objects that cannot be delivered (sockets, devices,
/// FIFOs), places that nothing can be delivered to, set-id bits that no `attributes` line asks for, names
/// with control characters or that are not UTF-8, a path in both files/ and templates/, bad lines in
/// `attributes` and `sandbox`, misspelt names of what a module consists of. Throws SysError.
[[nodiscard]] Inspection inspect_module(const std::string& name, const std::filesystem::path& directory);

/// The same, for a run: throws BadConfiguration that lists all objections.
[[nodiscard]] ModuleContents read_module(const std::string& name, const std::filesystem::path& directory);

} // namespace disco::module
