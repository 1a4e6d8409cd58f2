#include "runner/module/module_contents.hpp"

#include "runner/fetch/server_text.hpp"
#include "runner/model/module_layout.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/path_length.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/setting_lines.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/tree_walk.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <dirent.h>
#include <fcntl.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::module {
namespace {

std::string label_of(const std::string& file, const std::string& module) {
    return "modules/" + module + "/" + file;
}

class ModuleReader {
public:
    ModuleReader(const std::string& name, const std::filesystem::path& directory) {
        contents_.name = name;
        contents_.directory = directory;
    }

    Inspection read() {
        check_names();
        noting("attributes", [&] {
            contents_.attributes = model::parse_attributes(text_of("attributes"), label("attributes"));
        });
        noting("sandbox", [&] {
            contents_.sandbox = model::parse_sandbox_settings(text_of("sandbox"), label("sandbox"));
        });
        noting("triggers",
               [&] { contents_.triggers = model::parse_triggers(text_of("triggers"), label("triggers")); });
        walk("files", contents_.files);
        walk("templates", contents_.templates);
        check_templates();
        contents_.scripts = read_scripts("scripts");
        contents_.checks = read_scripts("checks");
        note_unused_attributes();
        return {std::move(contents_), std::move(objections_)};
    }

private:
    template <class Work> void noting(const std::string& file, const Work& work) {
        try {
            work();
        } catch (const sys::BadLines& error) {
            for (const sys::LineObjection& one : error.lines()) object(file, one.text, one.line);
        } catch (const sys::Error& error) { // also a directory in the place of a file, say
            std::string text = error.full_text();
            if (text.starts_with(label(file) + " ")) text.erase(0, label(file).size() + 1);
            object(file, std::move(text));
        }
    }
    void object(const std::string& file, std::string text, int line = 0) {
        objections_.push_back({file, line, std::move(text)});
    }
    [[nodiscard]] std::string label(const std::string& file) const { return label_of(file, contents_.name); }
    [[nodiscard]] std::string text_of(const std::string& file) const {
        return fetch::read_server_text(contents_.directory, file, label(file)).value_or("");
    }

    void check_names() {
        const sys::UniqueFd fd = sys::open_directory(contents_.directory);
        for (const sys::DirectoryEntry& entry : sys::list_directory(fd.get(), contents_.directory)) {
            const std::string shown = sys::printable(entry.name);
            switch (model::classify_module_name(entry.name)) {
            case model::ModuleName::known:
            case model::ModuleName::hidden: break;
            case model::ModuleName::misspelt:
                object(shown,
                       fmt::format("means nothing: rename it to {}", model::meant_module_name(entry.name)));
                break;
            case model::ModuleName::of_no_use:
                contents_.unused.push_back(
                    {shown, 0, fmt::format("is not used: a module consists of {}", model::module_names())});
                break;
            }
        }
    }

    /// A line that was written for something, and does nothing for it.
    void note_unused_attributes() {
        std::set<const model::AttributeRule*> used;
        for (const auto* items : {&contents_.files, &contents_.templates})
            for (const Deliverable& item : *items)
                for (const model::AttributeRule& rule : contents_.attributes)
                    if (item.type != model::ObjectType::symlink &&
                        model::speaks_of(rule, item.path, subject_of(item)))
                        used.insert(&rule);
        for (const model::AttributeRule& rule : contents_.attributes)
            if (!used.contains(&rule))
                contents_.unused.push_back(
                    {"attributes", rule.line,
                     fmt::format("'{}' matches no {} that the module delivers{}",
                                 sys::printable(rule.pattern), rule.of_directories ? "directory" : "file",
                                 rule.of_directories ? ""
                                                     : " (of directories speak lines that end with '/')")});
    }

    void walk(const std::string& top, std::vector<Deliverable>& out) {
        const std::filesystem::path directory = contents_.directory / top;
        const auto status = sys::stat_path(directory);
        if (!status) return;
        if (!S_ISDIR(status->st_mode)) {
            object(top, "is not a directory");
            return;
        }
        sys::TreeWalk walk{sys::open_directory(directory), directory};
        while (walk.next()) {
            if (!walk.found()) continue;
            sys::check_path_length(directory.native(), walk.path());
            const std::string shown = sys::printable(fmt::format("{}/{}", top, walk.path()));
            if (sys::printable(walk.name()) != walk.name())
                object(shown, "has a name with control characters, quotes, backslashes or bytes that are not "
                              "UTF-8: rename it on the server");
            else if (const auto found = sys::stat_at(walk.directory(), walk.name()))
                if (take(top, walk.path(), shown, walk.directory(), *found, out)) walk.enter();
        }
    }

    /// True when what is in it comes next.
    bool take(const std::string& top, const std::string& path, const std::string& shown, int directory,
              const struct stat& status, std::vector<Deliverable>& out) {
        Deliverable item{path,
                         contents_.directory / top / path,
                         top + "/" + path,
                         model::object_type(status.st_mode),
                         status.st_mode & 07777,
                         {}};
        if (const auto why = model::objection_to_place(path)) {
            object(shown, fmt::format("cannot be delivered: {}", *why));
            return false;
        }
        switch (item.type) {
        case model::ObjectType::symlink:
            item.target = sys::read_link_at(directory, std::filesystem::path{path}.filename());
            out.push_back(std::move(item));
            return false;
        case model::ObjectType::directory:
            // A set-id bit counts only if `attributes` asks for it; on a server's directories it is often
            // inherited.
            item.mode &= ~static_cast<mode_t>(S_ISUID | S_ISGID);
            out.push_back(std::move(item));
            return true;
        case model::ObjectType::file:
            check_set_id(shown, item);
            out.push_back(std::move(item));
            return false;
        case model::ObjectType::fifo:
        case model::ObjectType::socket:
        case model::ObjectType::block_device:
        case model::ObjectType::character_device: break;
        }
        object(shown, fmt::format("is a {}: only files, directories and symlinks are delivered; make it in a "
                                  "script",
                                  model::to_string(item.type)));
        return false;
    }

    void check_set_id(const std::string& shown, Deliverable& item) {
        if ((item.mode & (S_ISUID | S_ISGID)) == 0) return;
        const model::AttributeRule* rule =
            model::attribute_rule(contents_.attributes, item.path, model::AttributeSubject::file);
        if (rule != nullptr && rule->mode) return; // the rule's mode replaces the server's
        object(shown, fmt::format("has mode {:04o}, with a set-id bit: if that is meant, say so in "
                                  "`attributes` (`{:04o} root:root {}`)",
                                  item.mode, item.mode, item.path));
    }

    void check_templates() {
        std::map<std::string, model::ObjectType> delivered;
        for (const Deliverable& file : contents_.files) delivered[file.path] = file.type;
        for (const Deliverable& item : contents_.templates) {
            if (item.type == model::ObjectType::symlink)
                object(item.in_module, "is a symlink: symlinks belong in files/");
            const auto twin = delivered.find(item.path);
            const bool both_directories = twin != delivered.end() &&
                                          twin->second == model::ObjectType::directory &&
                                          item.type == model::ObjectType::directory;
            if (twin != delivered.end() && !both_directories)
                object(item.in_module, "is in files/ and in templates/: take one of them away");
        }
    }

    std::vector<Script> read_scripts(const std::string& top) {
        std::vector<Script> scripts;
        const std::filesystem::path directory = contents_.directory / top;
        if (!sys::stat_path(directory)) return scripts;
        if (!sys::is_directory(directory)) {
            object(top, "is not a directory");
            return scripts;
        }
        const sys::UniqueFd fd = sys::open_directory(directory);
        for (const sys::DirectoryEntry& entry : sys::list_directory(fd.get(), directory)) {
            const std::string shown = sys::printable(top + "/" + entry.name);
            if (entry.name.starts_with('.') || entry.name.ends_with('~'))
                continue; // what editors leave behind
            if (entry.type != DT_REG) {
                object(shown, "is not a file");
                continue;
            }
            if (shown != top + "/" + entry.name) {
                object(shown, "has an unprintable name: rename it on the server");
                continue;
            }
            const sys::UniqueFd file = sys::open_beneath(fd.get(), entry.name, O_RDONLY);
            std::string first(256, '\0');
            const ssize_t got =
                sys::check(::read(file.get(), first.data(), first.size()), "read", directory / entry.name);
            first.resize(static_cast<std::size_t>(got));
            scripts.push_back({top + "/" + entry.name, interpreter_of(first, shown)});
        }
        return scripts;
    }

    /// As execve(2) reads it: the program, and the rest of the line as one argument.
    std::vector<std::string> interpreter_of(std::string_view text, const std::string& shown) {
        if (!text.starts_with("#!")) return {};
        text.remove_prefix(2);
        std::string_view line = sys::take_line(text);
        if (line.ends_with('\r')) {
            object(shown, "has DOS line ends (CR LF), so its interpreter cannot be found");
            return {};
        }
        line = sys::trimmed(line, " \t"); // the blanks that the kernel knows
        std::vector<std::string> words = {std::string{sys::take_word(line, " \t")}};
        if (!line.empty()) words.emplace_back(line);
        if (words[0].empty()) object(shown, "has a #! line without a program");
        return words;
    }

    ModuleContents contents_;
    std::vector<Remark> objections_;
};

} // namespace

std::string in_words(const Remark& remark, const std::string& module) {
    const std::string file = label_of(remark.file, module);
    if (remark.line != 0) return fmt::format("{}: {}", sys::place_of_line(file, remark.line), remark.text);
    return fmt::format("{} {}", file, remark.text);
}

Inspection inspect_module(const std::string& name, const std::filesystem::path& directory) {
    return ModuleReader{name, directory}.read();
}

ModuleContents read_module(const std::string& name, const std::filesystem::path& directory) {
    Inspection found = inspect_module(name, directory);
    if (found.objections.empty()) return std::move(found.contents);
    std::vector<std::string> objections;
    for (const Remark& remark : found.objections) objections.push_back(in_words(remark, name));
    throw sys::BadConfiguration{
        fmt::format("module '{}' cannot be used: {}", name, fmt::join(objections, "; "))};
}

} // namespace disco::module
