#include "runner/lint/module_check.hpp"

#include "runner/fetch/parameter_layers.hpp"
#include "runner/fetch/server_text.hpp"
#include "runner/lint/parameter_roots.hpp"
#include "runner/lint/parameter_uses.hpp"
#include "runner/model/module_layout.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/setting_lines.hpp"
#include "runner/sys/similar_word.hpp"
#include "runner/sys/text.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace disco::lint {
namespace {

class ModuleCheck {
public:
    ModuleCheck(const std::string& name, const std::filesystem::path& directory,
                std::vector<Finding>& findings)
        : name_{name}, directory_{directory}, findings_{findings} {}

    CheckedModule run() {
        noting("", [&] { model::check_component_name(name_, "module"); });
        noting("", [&] {
            auto inspection = module::inspect_module(name_, directory_);
            for (module::Remark& one : inspection.objections)
                find(one.file, one.line, Severity::error, std::move(one.text));
            for (const module::Remark& one : inspection.contents.unused) note_unused(one);
            found_.contents = std::move(inspection.contents);
        });
        noting("requires", [&] {
            const std::string file = label("requires");
            found_.requires_text = fetch::read_server_text(directory_, "requires", file).value_or("");
            found_.requirements = model::parse_requirements(found_.requires_text, file);
        });
        found_.defaults = read_names(directory_ / "parameters", label("parameters"), subject(), findings_);
        check_secrets(found_.defaults, label("parameters"), subject(), findings_);
        if (const auto refused = fetch::refused_default(found_.defaults))
            find("parameters/" + *refused, 0, Severity::error,
                 fmt::format("is refused: {}", fetch::why_refused));
        read_texts();
        return std::move(found_);
    }

private:
    [[nodiscard]] Subject subject() const { return module_subject(name_); }
    [[nodiscard]] std::string label(const std::string& file) const {
        return fmt::format("modules/{}{}{}", sys::printable(name_), file.empty() ? "" : "/", file);
    }
    void find(const std::string& file, int line, Severity severity, std::string text) {
        findings_.push_back({subject(), label(file), line, severity, std::move(text)});
    }
    template <class Work> void noting(const std::string& file, const Work& work) {
        try {
            work();
        } catch (const sys::BadLines& error) {
            for (const sys::LineObjection& one : error.lines())
                find(file, one.line, Severity::error, one.text);
        } catch (const sys::SysError& error) {
            find(file, 0, Severity::warning, in_words_not_checked(error));
        } catch (const sys::Error& error) {
            std::string text = error.full_text(); // may begin with the file's name, as a run prints it
            if (text.starts_with(label(file) + " ")) text.erase(0, label(file).size() + 1);
            find(file, 0, Severity::error, std::move(text));
        }
    }

    void note_unused(const module::Remark& unused) {
        const auto meant =
            unused.line == 0 ? sys::similar_word(unused.file, model::known_module_names()) : std::nullopt;
        find(unused.file, unused.line, Severity::warning,
             meant ? fmt::format("is not used; did you mean '{}'?", *meant) : unused.text);
    }

    void read_texts() {
        for (const module::Deliverable& item : found_.contents.templates)
            if (item.type == model::ObjectType::file) read_text(item.in_module, false);
        for (const auto* scripts : {&found_.contents.scripts, &found_.contents.checks})
            for (const module::Script& script : *scripts) {
                if (!script.interpreter.empty() && !script.interpreter[0].empty() &&
                    !script.interpreter[0].starts_with('/'))
                    find(script.in_module, 1, Severity::error,
                         fmt::format("'{}' in its #! line is no absolute path, so it cannot be found; write "
                                     "#!/bin/bash or #!/usr/bin/env NAME",
                                     sys::printable(script.interpreter[0])));
                if (is_for_bash(script.interpreter)) read_text(script.in_module, !script.interpreter.empty());
            }
    }
    void read_text(const std::string& file, bool names_its_shell) {
        ShellText text{subject(), label(file), directory_ / file, {}, names_its_shell};
        if (read_shell_text(text, findings_)) found_.texts.push_back(std::move(text));
    }

    const std::string& name_;
    const std::filesystem::path& directory_;
    std::vector<Finding>& findings_;
    CheckedModule found_;
};

enum class Known { not_at_all, tree, value };
Known known_in(const std::vector<const fetch::ParameterTree*>& trees, const std::string& key) {
    Known best = Known::not_at_all;
    for (const fetch::ParameterTree* tree : trees)
        if (const auto found = tree->find(key); found != tree->end())
            best = std::max(best, found->second ? Known::value : Known::tree);
    return best;
}

} // namespace

CheckedModule check_module(const std::string& name, const std::filesystem::path& directory,
                           std::vector<Finding>& findings) {
    return ModuleCheck{name, directory, findings}.run();
}

bool is_for_bash(const std::vector<std::string>& interpreter) {
    if (interpreter.empty()) return true; // a run gives it to bash
    const auto is_shell = [](const std::filesystem::path& program) {
        const std::string name = program.filename();
        return name == "bash" || name == "sh" || name == "rbash" || name == "dash";
    };
    if (std::filesystem::path{interpreter[0]}.filename() == "env" && interpreter.size() > 1) {
        std::string_view words = interpreter[1];
        if (words.starts_with("-S")) words.remove_prefix(2);
        return is_shell(std::string{sys::take_word(words)});
    }
    return is_shell(interpreter[0]);
}

void check_parameter_uses(const CheckedModule& module, const std::vector<const fetch::ParameterTree*>& known,
                          const std::set<std::string>& nodes, std::vector<Finding>& findings) {
    const std::string& name = module.contents.name;
    for (const ShellText& text : module.texts)
        for (const ParameterUse& use : parameter_uses(text.text)) {
            std::string key = use.key;
            // NODE/KEY is the same as KEY.
            if (const std::size_t slash = key.find('/');
                slash != std::string::npos && nodes.contains(key.substr(0, slash)))
                key.erase(0, slash + 1);
            // The machine's own, and what the run itself sets.
            if (sys::is_at_or_below(key, "disco") || key == "current_module") continue;
            const auto find = [&](std::string what) {
                findings.push_back({text.subject, text.file, use.line, Severity::warning, std::move(what)});
            };
            switch (known_in(known, key)) {
            case Known::value: break;
            case Known::tree:
                find(fmt::format(
                    "parameter '{}' is a tree, not a value: `disco-param keys {}` lists what is in "
                    "it",
                    key, key));
                break;
            case Known::not_at_all:
                find(fmt::format("no module and no node sets the parameter '{}'; give it a default in "
                                 "modules/{}/parameters/{}, or ask with `disco-param get -d DEFAULT {}`",
                                 key, name, key, key));
                break;
            }
        }
}

} // namespace disco::lint
