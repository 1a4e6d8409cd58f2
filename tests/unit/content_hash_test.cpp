#include "runner/overlay/content_hash.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::overlay {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

class ContentHashTest : public testing::Test {
protected:
    struct Piece {
        std::uint64_t at;
        std::string bytes;
    };
    fs::path file(const std::string& name, std::uint64_t size, const std::vector<Piece>& pieces) const {
        const fs::path path = place_.path() / name;
        const sys::UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        sys::check(::ftruncate(fd.get(), static_cast<off_t>(size)), "truncate", path);
        for (const Piece& piece : pieces)
            sys::check(
                ::pwrite(fd.get(), piece.bytes.data(), piece.bytes.size(), static_cast<off_t>(piece.at)),
                "write", path);
        return path;
    }
    std::string hash(const fs::path& path) {
        const sys::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
        const ContentHash::Result result = hash_.of(fd.get(), *sys::stat_path(path), path, nullptr);
        EXPECT_EQ(result.size, fs::file_size(path));
        return sys::hex(result.digest);
    }

    sys::OwnedDirectory place_{fs::temp_directory_path(), "content-hash-test-"};
    ContentHash hash_;
};

TEST_F(ContentHashTest, IsTheSha256OfTheBytes) {
    for (const std::uint64_t size : {0UL, 1UL, 65535UL, 65536UL, 65537UL, 3 * mib + 7}) {
        std::string bytes(size, '\0');
        std::vector<Piece> pieces;
        for (const std::uint64_t at : {0UL, 65530UL, 2 * mib + 1})
            if (at + 10 <= size) {
                pieces.push_back({at, "0123456789"});
                bytes.replace(at, 10, "0123456789");
            }
        EXPECT_EQ(hash(file("x", size, pieces)), sys::hex(sys::sha256(bytes))) << size;
    }
}

TEST_F(ContentHashTest, GivesTheBytesThatMayBeShown) {
    const fs::path path = file("x", 70000, {{66000, "end"}});
    const sys::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::string content;
    (void)hash_.of(fd.get(), *sys::stat_path(path), path, &content);
    EXPECT_EQ(content, sys::read_file(path));
}

TEST_F(ContentHashTest, OfZerosIsTheSameWhetherTheyAreHolesOrNot) {
    const std::uint64_t size = ContentHash::most_zeros + 4 * mib;
    const std::string zeros(3 * mib, '\0');
    const std::string holes = hash(file("holes", size, {{mib + 5, "x"}}));
    EXPECT_EQ(hash(file("written", size, {{mib + 5, "x"}, {5 * mib, zeros}, {9 * mib + 3, zeros}})), holes);
    EXPECT_NE(hash(file("elsewhere", size, {{mib + 6, "x"}})), holes);
    EXPECT_NE(hash(file("block", size, {{mib + 5 + 65536, "x"}})), holes);
    EXPECT_NE(hash(file("another", size, {{mib + 5, "y"}})), holes);
    EXPECT_NE(hash(file("longer", size + 1, {{mib + 5, "x"}})), holes);
}

TEST_F(ContentHashTest, OfTerabytesOfNothingTakesNoTime) {
    const auto begun = std::chrono::steady_clock::now();
    const std::uint64_t size = std::uint64_t{7} << 40; // ext4 takes 16 TiB
    const std::string one = hash(file("one", size, {{size / 2, "middle"}, {size - 3, "end"}}));
    EXPECT_NE(hash(file("other", size, {{size / 2, "middle"}, {size - 3, "END"}})), one);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{20});
}

TEST_F(ContentHashTest, EndsWhenItIsInterrupted) {
    const fs::path path = file("x", 100, {{0, "x"}});
    sys::watch_interrupts();
    ASSERT_EQ(::raise(SIGTERM), 0);
    EXPECT_THROW((void)hash(path), sys::Interrupted);
}

} // namespace
} // namespace disco::overlay
