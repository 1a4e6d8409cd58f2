#include "runner/overlay/content_hash.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <unistd.h>

namespace disco::overlay {
namespace {

constexpr std::uint64_t block = std::uint64_t{64} << 10;
constexpr std::uint64_t disk_block = 512; // of st_blocks (stat(2))

bool is_zero(std::string_view bytes) {
    return bytes.empty() ||
           (bytes.front() == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

/// As bytes that are the same on every machine.
std::array<char, 8> encoded(std::uint64_t number) {
    std::array<char, 8> bytes = {};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(number >> (8 * i) & 0xff);
    return bytes;
}

} // namespace

/// One way through a file, block by block.
class ContentHash::Pass {
public:
    enum class Scope { all_bytes, other_than_zeros };
    Pass(Scope what, int fd, const struct stat& status, const std::filesystem::path& name, ContentHash& owner,
         std::string* content)
        : what_{what},
          fd_{fd},
          name_{name},
          hash_{owner.hash_},
          buffer_{owner.buffer_},
          content_{content},
          size_{static_cast<std::uint64_t>(status.st_size)},
          has_holes_{static_cast<std::uint64_t>(status.st_blocks) * disk_block < size_} {}

    /// False: it holds more zeros than are hashed as bytes.
    [[nodiscard]] bool run() {
        while (at_ < size_) {
            sys::throw_if_interrupted();
            const std::uint64_t data = next_data();
            if (data > at_ && !take_zeros(data - at_)) return false;
            for (const std::uint64_t end = end_of_data(); at_ < end;) {
                const std::string_view bytes = read_block();
                if (bytes.empty()) return true; // it has become shorter
                if (may_have_too_many() && is_zero(bytes)) {
                    if (!take_zeros(bytes.size())) return false;
                } else {
                    take(bytes);
                }
            }
        }
        return true;
    }
    [[nodiscard]] std::uint64_t read() const noexcept { return at_; }

    /// It has them in holes alone, which takes no reading to know.
    [[nodiscard]] bool has_too_many_in_holes() {
        std::uint64_t zeros = 0, at = 0;
        while (may_have_too_many() && has_holes_ && at < size_ && zeros <= most_zeros) {
            sys::throw_if_interrupted();
            at_ = at;
            const std::uint64_t data = next_data();
            zeros += data - at;
            at_ = data;
            at = end_of_data();
        }
        at_ = 0;
        return zeros > most_zeros;
    }

private:
    [[nodiscard]] bool may_have_too_many() const noexcept { return size_ > most_zeros; }

    /// Where the block with the next data begins; the file's size when there are no more.
    [[nodiscard]] std::uint64_t next_data() {
        if (!has_holes_) return at_;
        const off_t data = ::lseek(fd_, static_cast<off_t>(at_), SEEK_DATA);
        if (data >= 0) return std::min(size_, static_cast<std::uint64_t>(data) / block * block);
        if (errno == ENXIO) return size_;
        if (errno != EINVAL) throw sys::SysError{errno, "read", name_};
        has_holes_ = false; // its file system cannot say
        return at_;
    }
    [[nodiscard]] std::uint64_t end_of_data() {
        if (!has_holes_ || at_ >= size_) return size_;
        // The block may begin with a part of a hole.
        const off_t data = ::lseek(fd_, static_cast<off_t>(at_), SEEK_DATA);
        const off_t hole = data < 0 ? data : ::lseek(fd_, data, SEEK_HOLE);
        if (hole < 0) return std::min(size_, at_ + block); // somebody changes it
        return std::min(size_, (static_cast<std::uint64_t>(hole) + block - 1) / block * block);
    }

    /// A whole block, unless the file ends in it.
    [[nodiscard]] std::string_view read_block() {
        if (at_ % (std::uint64_t{1} << 20) == 0) sys::throw_if_interrupted();
        std::size_t had = 0;
        const auto want = static_cast<std::size_t>(std::min(block, size_ - at_));
        while (had < want) {
            const ssize_t got = TEMP_FAILURE_RETRY(
                ::pread(fd_, buffer_.data() + had, want - had, static_cast<off_t>(at_ + had)));
            if (got < 0) throw sys::SysError{errno, "read", name_};
            if (got == 0) break;
            had += static_cast<std::size_t>(got);
        }
        return {buffer_.data(), had};
    }

    void take(std::string_view bytes) {
        if (what_ == Scope::other_than_zeros) {
            const auto number = encoded(at_ / block);
            hash_.update({number.data(), number.size()});
        }
        hash_.update(bytes);
        if (content_ != nullptr) *content_ += bytes;
        at_ += bytes.size();
    }
    [[nodiscard]] bool take_zeros(std::uint64_t count) {
        if (what_ == Scope::all_bytes) {
            zeros_ += count;
            if (zeros_ > most_zeros) return false;
            static constexpr std::array<char, block> none = {};
            for (std::uint64_t left = count; left > 0;) {
                const std::size_t some = std::min<std::uint64_t>(left, none.size());
                hash_.update({none.data(), some});
                if (content_ != nullptr) content_->append(none.data(), some);
                left -= some;
            }
        }
        at_ += count;
        return true;
    }

    Scope what_;
    int fd_;
    const std::filesystem::path& name_;
    sys::Sha256& hash_;
    std::string& buffer_;
    std::string* content_;
    std::uint64_t size_, at_ = 0, zeros_ = 0;
    bool has_holes_; ///< there are some, and the file system says where
};

ContentHash::Result ContentHash::of(int fd, const struct stat& status,
                                    const std::filesystem::path& name_for_messages, std::string* content) {
    buffer_.resize(block);
    (void)hash_.finish(); // a pass may have been interrupted
    Pass plain{Pass::Scope::all_bytes, fd, status, name_for_messages, *this, content};
    if (!plain.has_too_many_in_holes() && plain.run()) return {hash_.finish(), plain.read()};
    (void)hash_.finish();
    constexpr std::string_view mark = "disco: size, and blocks of 64 KiB with their numbers\n";
    const auto size = encoded(static_cast<std::uint64_t>(status.st_size));
    hash_.update(mark);
    hash_.update({size.data(), size.size()});
    Pass others{Pass::Scope::other_than_zeros, fd, status, name_for_messages, *this, nullptr};
    (void)others.run();
    return {hash_.finish(), others.read()};
}

} // namespace disco::overlay
