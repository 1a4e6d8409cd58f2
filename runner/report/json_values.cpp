#include "runner/report/json_values.hpp"

#include "runner/sys/inode_flags.hpp"
#include "runner/sys/printable.hpp"

#include <array>
#include <ctime>
#include <iterator>

#include <sys/sysmacros.h>

#include <fmt/format.h>

namespace disco::report {
namespace {

template <class... Arguments>
void append(std::string& out, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
}

/// `,"name":` (the comma unless it is the first member).
void append_key(std::string& out, std::string_view name) {
    if (out.back() != '{') out += ',';
    append_string(out, name);
    out += ':';
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    append_key(out, name);
    append_string(out, text);
}

void append_null(std::string& out, std::string_view name) {
    append_key(out, name);
    out += "null";
}

std::string rfc3339(const timespec& time) {
    std::tm parts = {};
    ::gmtime_r(&time.tv_sec, &parts);
    std::array<char, 32> text = {};
    text[std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts)] = '\0';
    return fmt::format("{}.{:09}Z", text.data(), time.tv_nsec);
}

/// Readable values as they are, others in hexadecimal.
std::string shown_value(const std::string& value) {
    if (sys::printable(value) == value && !value.starts_with("0x")) return value;
    std::string text = "0x";
    for (const char c : value) append(text, "{:02x}", static_cast<unsigned char>(c));
    return text;
}

void append_strings(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
    append_key(out, name);
    out += '[';
    for (const std::string& text : texts) {
        if (out.back() != '[') out += ',';
        append_string(out, text);
    }
    out += ']';
}

void append_state(std::string& out, std::string_view name, const std::optional<model::ObjectState>& state,
                  const std::string& owner, const std::string& group) {
    if (!state) {
        append_null(out, name);
        return;
    }
    using model::ObjectType;
    append_key(out, name);
    out += '{';
    append_member(out, "mode", fmt::format("{:04o}", state->mode));
    append_key(out, "uid");
    append(out, "{}", state->uid);
    append_key(out, "gid");
    append(out, "{}", state->gid);
    append_member(out, "owner", owner);
    append_member(out, "group", group);
    append_key(out, "size");
    append(out, "{}", state->size);
    append_member(out, "mtime", rfc3339(state->mtime));
    if (state->sha256)
        append_member(out, "sha256", sys::hex(*state->sha256));
    else
        append_null(out, "sha256");
    if (state->type == ObjectType::symlink)
        append_member(out, "target", json_name(state->target));
    else
        append_null(out, "target");
    const bool device =
        state->type == ObjectType::block_device || state->type == ObjectType::character_device;
    if (device)
        append_member(out, "rdev", fmt::format("{}:{}", major(state->rdev), minor(state->rdev)));
    else
        append_null(out, "rdev");
    append_member(out, "flags", sys::inode_flags_text(state->flags));
    if (state->linked_to.empty())
        append_null(out, "linked_to");
    else
        append_member(out, "linked_to", json_name(state->linked_to));
    append_key(out, "xattrs");
    out += '{';
    for (const auto& [attribute, value] : state->xattrs)
        append_member(out, json_name(attribute), shown_value(value));
    out += "}}";
}

} // namespace

void append_string(std::string& out, std::string_view text) {
    out += '"';
    const std::string safe = sys::is_utf8(text) ? std::string{} : sys::printable_text(text);
    for (const char c : safe.empty() ? text : std::string_view{safe}) {
        switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\t': out += "\\t"; break;
        case '\r': out += "\\r"; break;
        default:
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
                append(out, "\\u{:04x}", static_cast<unsigned char>(c));
            else
                out += c;
        }
    }
    out += '"';
}

std::string json_name(std::string_view bytes) {
    return sys::is_utf8(bytes) && !bytes.starts_with('"') ? std::string{bytes} : sys::printable(bytes);
}

std::string bytes_of_name(std::string_view name) {
    return name.starts_with('"') ? sys::read_printable(name) : std::string{name};
}

std::string shown_name(std::string_view name) {
    return name.starts_with('"') ? sys::printable_text(name) : sys::printable(name);
}

void append_change(std::string& out, const model::Change& change, std::string_view package,
                   Contents contents) {
    out += '{';
    append_member(out, "path", json_name(change.path));
    append_member(out, "kind", model::to_string(change.kind));
    append_member(out, "type", model::to_string((change.after ? change.after : change.before)->type));
    append_state(out, "before", change.before, change.before_owner, change.before_group);
    append_state(out, "after", change.after, change.after_owner, change.after_group);
    if (change.diff.empty() || (contents == Contents::short_ && !package.empty()))
        append_null(out, "diff");
    else
        append_member(out, "diff", change.diff);
    append_key(out, "binary");
    out += change.binary ? "true" : "false";
    append_key(out, "redacted");
    out += change.redacted ? "true" : "false";
    if (package.empty())
        append_null(out, "package");
    else
        append_member(out, "package", package);
    out += '}';
}

void append_step(std::string& out, const model::Step& step) {
    out += '{';
    append_member(out, "phase", model::to_string(step.phase));
    append_member(out, "name", step.name);
    if (step.profile == model::Profile::none)
        append_null(out, "profile");
    else
        append_member(out, "profile", model::to_string(step.profile));
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
    append_strings(out, "argv", notice.argv);
    append_member(out, "step", notice.step);
    out += '}';
}

void append_action(std::string& out, const model::Action& action) {
    out += '{';
    append_strings(out, "argv", action.argv);
    append_member(out, "outcome", model::to_string(action.outcome));
    append(out, ",\"exit\":{},\"repeated\":{}}}", action.exit, action.repeated);
}

} // namespace disco::report
