#include "runner/sys/files.hpp"
#include "runner/sys/leased_file.hpp"
#include "tests/support/lease_holder.hpp"

#include <cerrno>
#include <chrono>
#include <filesystem>

#include <fcntl.h>

#include <gmock/gmock.h>

namespace disco::sys {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using tests::LeaseHolder;

class LeasedFile : public testing::Test {
protected:
    void SetUp() override { write_file(path_, "text", 0600); }
    OwnedDirectory place_{fs::temp_directory_path(), "leased-file-test-"};
    fs::path path_ = place_.path() / "x";
};

TEST_F(LeasedFile, IsWaitedFor) {
    const LeaseHolder holder{path_, 300ms};
    const UniqueFd directory = open_directory(place_.path());
    LeasePatience patience{20s};
    const UniqueFd file = open_leased(directory.get(), "x", O_RDONLY, patience);
    ASSERT_TRUE(file);
    EXPECT_EQ(read_all(file.get(), "x"), "text");
}

TEST_F(LeasedFile, IsNotWaitedForWithoutEnd) {
    const LeaseHolder holder{path_, 60s};
    const UniqueFd directory = open_directory(place_.path());
    LeasePatience patience{200ms};
    try {
        (void)open_leased(directory.get(), "x", O_RDONLY, patience);
        ADD_FAILURE() << "opened";
    } catch (const LeaseKept& error) {
        EXPECT_THAT(error.full_text(), HasSubstr("cannot open 'x': somebody has a lease on it"));
    }
    EXPECT_FALSE(patience.wait());
}

TEST_F(LeasedFile, ThatCannotBeOpenedForAnotherReasonIsToldOf) {
    const UniqueFd directory = open_directory(place_.path());
    EXPECT_FALSE(open_leased(directory.get(), "absent", O_RDONLY));
    EXPECT_EQ(errno, ENOENT);
}

} // namespace
} // namespace disco::sys
