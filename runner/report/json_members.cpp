#include "runner/report/json_members.hpp"

#include "runner/sys/json_string.hpp"

namespace disco::report {
namespace {

void append_null(std::string& out, std::string_view name) {
    append_key(out, name);
    out += "null";
}

} // namespace

void append_key(std::string& out, std::string_view name) {
    if (out.back() != '{') out += ',';
    sys::append_json_string(out, name);
    out += ':';
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    append_key(out, name);
    sys::append_json_string(out, text);
}

void append_member(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
    append_key(out, name);
    out += '[';
    for (const std::string& text : texts) {
        if (out.back() != '[') out += ',';
        sys::append_json_string(out, text);
    }
    out += ']';
}

void append_member_or_null(std::string& out, std::string_view name, const std::optional<std::string>& text) {
    if (text)
        append_member(out, name, *text);
    else
        append_null(out, name);
}

void append_member_unless_empty(std::string& out, std::string_view name, std::string_view text) {
    if (text.empty())
        append_null(out, name);
    else
        append_member(out, name, text);
}

} // namespace disco::report
