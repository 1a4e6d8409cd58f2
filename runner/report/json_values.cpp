#include "runner/report/json_values.hpp"

#include "runner/report/json_members.hpp"
#include "runner/sys/printable.hpp"

#include <iterator>

#include <fmt/format.h>

namespace disco::report {
namespace {

template <class... Arguments>
void append(std::string& out, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
}

std::optional<std::string> name_or_none(const std::optional<std::string>& bytes) {
    return bytes ? std::optional{json_name(*bytes)} : std::nullopt;
}

void append_state(std::string& out, std::string_view name, const std::optional<RecordedState>& state) {
    append_key(out, name);
    if (!state) {
        out += "null";
        return;
    }
    out += '{';
    append_member(out, "mode", fmt::format("{:04o}", state->mode));
    append_key(out, "uid");
    append(out, "{}", state->uid);
    append_key(out, "gid");
    append(out, "{}", state->gid);
    append_member(out, "owner", state->owner);
    append_member(out, "group", state->group);
    append_key(out, "size");
    append(out, "{}", state->size);
    append_member(out, "mtime", state->mtime);
    append_member_or_null(out, "sha256", state->sha256);
    append_member_or_null(out, "target", name_or_none(state->target));
    append_member_or_null(out, "rdev", state->rdev);
    append_member(out, "flags", state->flags);
    append_member_or_null(out, "linked_to", name_or_none(state->linked_to));
    append_key(out, "xattrs");
    out += '{';
    for (const auto& [attribute, value] : state->xattrs) append_member(out, json_name(attribute), value);
    out += "}}";
}

} // namespace

std::string json_name(std::string_view bytes) {
    return sys::is_utf8(bytes) && !bytes.starts_with('"') ? std::string{bytes} : sys::printable(bytes);
}

std::string bytes_of_name(std::string_view name) {
    return name.starts_with('"') ? sys::read_printable(name) : std::string{name};
}

std::string shown_name(std::string_view name) {
    return name.starts_with('"') ? sys::printable_text(name) : sys::printable(name);
}

void append_change(std::string& out, const RecordedChange& change, Contents contents) {
    out += '{';
    append_member(out, "path", json_name(change.path));
    append_member(out, "kind", model::to_string(change.kind));
    append_member(out, "type", model::to_string(change.type));
    append_state(out, "before", change.before);
    append_state(out, "after", change.after);
    const bool shown = contents == Contents::all || !can_be_short(change);
    append_member_unless_empty(out, "diff", shown ? std::string_view{change.diff} : std::string_view{});
    append_key(out, "binary");
    out += change.binary ? "true" : "false";
    append_key(out, "redacted");
    out += change.redacted ? "true" : "false";
    append_member_unless_empty(out, "package", change.package);
    if (change.delivered) out += ",\"delivered\":true";
    out += '}';
}

bool can_be_short(const RecordedChange& change) { return !change.package.empty() && !change.diff.empty(); }

void append_step(std::string& out, const model::Step& step) {
    out += '{';
    append_member(out, "phase", model::to_string(step.phase));
    append_member(out, "name", step.name);
    append_member_unless_empty(out, "profile", model::to_string(step.profile)); // none has an empty word
    append(out, ",\"exit\":{},\"signal\":{},\"wall_s\":{:.6f},\"user_s\":{:.6f},\"sys_s\":{:.6f}", step.exit,
           step.signal, step.wall_s, step.usage.user_s, step.usage.sys_s);
    append(out,
           ",\"max_rss_kib\":{},\"minor_faults\":{},\"major_faults\":{},\"blocks_in\":{},\"blocks_out\":{},"
           "\"switches_voluntary\":{},\"switches_involuntary\":{}",
           step.usage.max_rss_kib, step.usage.minor_faults, step.usage.major_faults, step.usage.blocks_in,
           step.usage.blocks_out, step.usage.switches_voluntary, step.usage.switches_involuntary);
    append_member(out, "output", step.output);
    out += '}';
}

void append_notice(std::string& out, const model::Notice& notice) {
    out += '{';
    append_member(out, "kind", model::to_string(notice.kind));
    append_member(out, "text", notice.text);
    append_member(out, "argv", notice.argv);
    append_member(out, "step", notice.step);
    out += '}';
}

void append_action(std::string& out, const model::Action& action) {
    out += '{';
    append_member(out, "argv", action.argv);
    append_member(out, "outcome", model::to_string(action.outcome));
    append(out, ",\"exit\":{},\"repeated\":{}}}", action.exit, action.repeated);
}

void append_package(std::string& out, const model::PackageChange& package) {
    out += '{';
    append_member(out, "name", package.name);
    append_member_unless_empty(out, "before", package.before);
    append_member_unless_empty(out, "after", package.after);
    out += '}';
}

void append_conflict(std::string& out, const model::Conflict& conflict) {
    out += '{';
    append_member(out, "path", json_name(conflict.path));
    append_member(out, "expected", conflict.expected);
    append_member(out, "found", conflict.found);
    out += '}';
}

} // namespace disco::report
