// JSON strings that are appended by hand.

#include "runner/sys/json_string.hpp"

#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace disco::sys {
namespace {

struct StringRow {
    const char* name;
    std::string bytes, written;
    bool plain = false;
};
class JsonString : public testing::TestWithParam<StringRow> {};

TEST_P(JsonString, IsWrittenSo) {
    std::string out = "[";
    append_json_string(out, GetParam().bytes);
    EXPECT_EQ(out, "[" + GetParam().written);
    EXPECT_TRUE(nlohmann::json::accept(out + "]"));
}

TEST_P(JsonString, IsPlainWhereNobodyWritesItOtherwise) {
    std::string out = "[";
    EXPECT_EQ(append_plain_json_string(out, GetParam().bytes), GetParam().plain);
    EXPECT_EQ(out, GetParam().plain ? "[" + GetParam().written : "[");
    if (GetParam().plain) {
        EXPECT_EQ(nlohmann::json(GetParam().bytes).dump(), GetParam().written);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Of, JsonString,
    testing::Values(StringRow{"nothing", "", R"("")", true},
                    StringRow{"a_path", "/etc/a b~", R"("/etc/a b~")", true},
                    StringRow{"quotes", R"(a"b\)", R"("a\"b\\")"},
                    StringRow{"blanks", "a\n\t\r", R"("a\n\t\r")"},
                    StringRow{"controls", "\b\f\x1f\x7f", R"("\u0008\u000c\u001f\u007f")"},
                    StringRow{"nul", std::string{"a\0b", 3}, R"("a\u0000b")"},
                    StringRow{"utf8", "\xc3\xa4\xe2\x86\x92", "\"\xc3\xa4\xe2\x86\x92\""},
                    StringRow{"no_utf8", "a\xff\"", R"("a\\377\"")"},
                    StringRow{"half_a_character", "a\xc3", R"("a\\303")"}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::sys
