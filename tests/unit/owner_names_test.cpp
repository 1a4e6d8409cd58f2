// Users and groups of a tree, by name and by number.

#include "runner/model/owner_names.hpp"

#include <gtest/gtest.h>

namespace disco::model {
namespace {

constexpr const char* passwd = "root:x:0:0:root:/root:/bin/bash\n"
                               "toor:x:0:0::/:\n" // the same number again
                               "web:x:33:33::/:\n"
                               "web:x:34:34::/:\n" // the same name again
                               "1000:x:5:5::/:\n"  // a name that looks like a number
                               "#old:x:6:6::/:\n"
                               "+nis::::::\n"
                               ":x:7:7::/:\n"
                               "short:x\n"
                               "large:x:4294967294:1::/:\n"
                               "larger:x:4294967296:1::/:\n"
                               "negative:x:-2:1::/:\n"
                               "words:x:nine:1::/:\n"
                               "\n"
                               "last:x:99:99::/:"; // no newline
constexpr const char* group = "root:x:0:\nwww:x:33:web,root\nbare:x:70\n";

struct NameRow {
    const char* name;
    std::string user;
    std::optional<uid_t> expected;
};
class UserByName : public testing::TestWithParam<NameRow> {};

TEST_P(UserByName, IsFound) {
    EXPECT_EQ((OwnerNames{passwd, group}.find_user(GetParam().user)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Of, UserByName,
    testing::Values(NameRow{"first_line", "root", 0}, NameRow{"second_name_of_a_number", "toor", 0},
                    NameRow{"name_given_twice", "web", 33}, NameRow{"last_line", "last", 99},
                    NameRow{"name_before_number", "1000", 5}, NameRow{"largest_number", "large", 4294967294},
                    NameRow{"number_that_is_not_listed", "1001", 1001},
                    NameRow{"number_with_zeroes", "0033", 33}, NameRow{"nobody", "nobody", std::nullopt},
                    NameRow{"case_counts", "Root", std::nullopt}, NameRow{"empty", "", std::nullopt},
                    NameRow{"comment", "#old", std::nullopt}, NameRow{"name_service", "+nis", std::nullopt},
                    NameRow{"too_few_fields", "short", std::nullopt},
                    NameRow{"number_too_large", "larger", std::nullopt},
                    NameRow{"number_negative", "negative", std::nullopt},
                    NameRow{"number_in_words", "words", std::nullopt},
                    NameRow{"hexadecimal", "0x10", std::nullopt}, NameRow{"plus", "+5", std::nullopt},
                    NameRow{"blank", " 5", std::nullopt}, NameRow{"trailing_blank", "5 ", std::nullopt},
                    NameRow{"group_is_no_user", "www", std::nullopt}),
    [](const auto& row) { return std::string{row.param.name}; });

struct NumberRow {
    const char* name;
    uid_t number;
    const char* expected;
};
class UserByNumber : public testing::TestWithParam<NumberRow> {};

TEST_P(UserByNumber, IsNamed) {
    EXPECT_EQ((OwnerNames{passwd, group}.user(GetParam().number)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Of, UserByNumber,
                         testing::Values(NumberRow{"first_name_counts", 0, "root"},
                                         NumberRow{"known", 33, "web"},
                                         NumberRow{"second_number_of_a_name", 34, "web"},
                                         NumberRow{"comment", 6, "6"}, NumberRow{"no_name", 7, "7"},
                                         NumberRow{"unknown", 1234, "1234"},
                                         NumberRow{"largest", 4294967295, "4294967295"}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(Groups, AreReadFromTheirOwnFile) {
    const OwnerNames names{passwd, group};
    EXPECT_EQ(names.find_group("www"), 33U);
    EXPECT_EQ(names.find_group("bare"), 70U);
    EXPECT_EQ(names.find_group("web"), std::nullopt);
    EXPECT_EQ(names.find_group("44"), 44U);
    EXPECT_EQ(names.group(33), "www");
    EXPECT_EQ(names.group(99), "99");
}

TEST(OwnerNames, OfATreeWithoutFilesAreNumbers) {
    const OwnerNames names;
    EXPECT_EQ(names.user(0), "0");
    EXPECT_EQ(names.group(0), "0");
    EXPECT_EQ(names.find_user("root"), std::nullopt);
    EXPECT_EQ(names.find_user("0"), 0U);
}

} // namespace
} // namespace disco::model
