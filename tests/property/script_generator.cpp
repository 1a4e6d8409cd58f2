#include "tests/property/script_generator.hpp"

#include <random>
#include <string>

#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace disco::property {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

struct Weighted {
    Act act;
    unsigned furnish, work;
};
/// How often each is drawn.
constexpr Weighted weights[] = {
    {Act::create, 30, 8},
    {Act::overwrite, 0, 6},
    {Act::write, 0, 8},
    {Act::append, 2, 8},
    {Act::open, 0, 4},
    {Act::truncate, 2, 4},
    {Act::punch, 2, 2},
    {Act::make_directory, 20, 8},
    {Act::remove_directory, 0, 3},
    {Act::unlink, 0, 8},
    {Act::remove_tree, 0, 6},
    {Act::rename, 2, 14},
    {Act::rename_noreplace, 0, 3},
    {Act::exchange, 0, 4},
    {Act::link, 12, 8},
    {Act::symlink, 8, 5},
    {Act::fifo, 4, 3},
    {Act::socket, 3, 2},
    {Act::device, 4, 4},
    {Act::chmod, 6, 8},
    {Act::chown, 6, 6},
    {Act::set_xattr, 8, 6},
    {Act::remove_xattr, 0, 4},
    {Act::access_acl, 4, 3},
    {Act::default_acl, 3, 3},
    {Act::capability, 3, 2},
    {Act::set_times, 0, 8},
    {Act::set_umask, 0, 1},
    {Act::set_flags, 3, 3},
    {Act::replace, 0, 6},
};
static_assert(std::size(weights) == acts, "every act is drawn");

class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_{seed} {}

    std::vector<Operation> furniture() {
        std::vector<Operation> all;
        all.push_back({.act = Act::make_directory, .numbers = {0755}, .path = "t"});
        for (const char* name : {"t/a", "t/b", "t/a/c"}) {
            known_.emplace_back(name);
            all.push_back({.act = Act::make_directory, .numbers = {0755}, .path = name});
        }
        const unsigned count = 10 + below(30);
        for (unsigned i = 0; i < count; ++i) all.push_back(draw(&Weighted::furnish));
        return all;
    }

    std::vector<Operation> work() {
        std::vector<Operation> all;
        const unsigned count = 4 + below(30);
        for (unsigned i = 0; i < count; ++i) {
            all.push_back(draw(&Weighted::work));
            all.back().as_user = below(8) == 0;
        }
        return all;
    }

private:
    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

    std::string name() {
        static const std::string names[] = {"a", "b",         "c",  "d",
                                            "e", "f",         "a",  "b",
                                            "c", "new\nline", "-n", "\xff\xfe \"q",
                                            "a", "b",         "c",  std::string(255, 'L')};
        return names[below(std::size(names))];
    }

    std::string fresh() {
        std::string path = "t";
        for (unsigned depth = 1 + below(3); depth > 0; --depth) path += "/" + name();
        known_.push_back(path);
        return path;
    }

    std::string path() {
        if (known_.empty() || below(4) == 0) return fresh();
        std::string path = known_[below(static_cast<unsigned>(known_.size()))];
        if (below(6) == 0) known_.push_back(path += "/" + name());
        return path;
    }

    /// For directories: a redirect of overlayfs holds up to 256 bytes, and beyond that rename(2) of one fails
    /// with EXDEV, which mv(1) knows how to handle.
    std::string short_path() {
        for (;;)
            if (std::string one = path(); one.find("LL") == std::string::npos) return one;
    }

    /// Also the top directories.
    std::string any_path() {
        const unsigned which = below(24);
        return which == 0 ? "." : which == 1 ? "t" : path();
    }

    Operation draw(unsigned Weighted::*weight) {
        unsigned sum = 0;
        for (const Weighted& one : weights) sum += one.*weight;
        unsigned pick = below(sum);
        for (const Weighted& one : weights) {
            if (pick < one.*weight) return make(one.act);
            pick -= one.*weight;
        }
        return {};
    }

    std::uint64_t size() {
        static constexpr std::uint64_t sizes[] = {0, 0, 1, 10, 100, 4095, 4096, 70'000};
        return below(40) == 0 ? 3 * mebibyte : sizes[below(std::size(sizes))];
    }
    std::uint64_t offset() {
        static constexpr std::uint64_t offsets[] = {0, 1, 50, 4096, 100'000, 2 * mebibyte, 5 * mebibyte};
        return offsets[below(std::size(offsets))];
    }
    std::uint64_t file_mode() {
        static constexpr std::uint64_t modes[] = {0644, 0600, 0666, 0755, 04755, 02755, 02666, 0, 06711};
        return modes[below(std::size(modes))];
    }
    std::uint64_t directory_mode() {
        static constexpr std::uint64_t modes[] = {0755, 0700, 0777, 01777, 02775, 0711};
        return modes[below(std::size(modes))];
    }
    std::uint64_t id() {
        static constexpr std::uint64_t ids[] = {0, ordinary_user, 1000, 4'000'000};
        return ids[below(std::size(ids))];
    }
    std::uint64_t device() {
        static constexpr unsigned numbers[][2] = {{1, 3}, {1, 5}, {7, 200}, {0, 1}};
        const auto& pair = numbers[below(std::size(numbers))];
        return makedev(pair[0], pair[1]);
    }
    std::string attribute() {
        static const std::string names[] = {"user.a",    "user.b",     "user.overlay.x",
                                            "trusted.x", "security.x", "user.long"};
        return names[below(std::size(names))];
    }
    std::uint64_t flags() {
        static constexpr std::uint64_t all[] = {FS_NOATIME_FL, FS_SYNC_FL, FS_SYNC_FL | FS_NOATIME_FL,
                                                FS_IMMUTABLE_FL};
        return all[below(std::size(all))];
    }

    Operation make(Act act) {
        Operation op{.act = act, .path = path()};
        switch (act) {
        case Act::create:
        case Act::overwrite: op.numbers = {file_mode(), size()}; break;
        case Act::write:
        case Act::punch: op.numbers = {offset(), size()}; break;
        case Act::append: op.numbers = {size()}; break;
        case Act::truncate: op.numbers = {below(2) == 0 ? offset() : size()}; break;
        case Act::make_directory:
            op.path = short_path();
            op.numbers = {directory_mode()};
            break;
        case Act::rename:
        case Act::rename_noreplace:
        case Act::exchange: op.other = short_path(); break;
        case Act::link: op.other = path(); break;
        case Act::symlink: op.other = below(2) == 0 ? name() : "/" + path(); break;
        case Act::fifo:
        case Act::socket: op.numbers = {file_mode()}; break;
        case Act::device: op.numbers = {(below(2) == 0 ? S_IFCHR : S_IFBLK) | file_mode(), device()}; break;
        case Act::chmod:
            op.path = any_path();
            op.numbers = {below(2) == 0 ? file_mode() : directory_mode()};
            break;
        case Act::chown:
            op.path = any_path();
            op.numbers = {id(), id()};
            break;
        case Act::set_xattr:
            op.path = any_path();
            op.other = attribute();
            op.text =
                std::string(op.other == "user.long" ? 700 : below(6), static_cast<char>('0' + below(10)));
            break;
        case Act::remove_xattr:
            op.other = below(8) == 0   ? "system.posix_acl_access"
                       : below(8) == 0 ? "security.capability"
                                       : attribute();
            break;
        case Act::access_acl:
        case Act::default_acl:
            op.path = any_path();
            op.numbers = {below(8), below(8)};
            break;
        case Act::capability: op.numbers = {std::uint64_t{1} << below(20)}; break;
        case Act::set_times:
            op.path = any_path();
            op.numbers = {static_cast<std::uint64_t>(deliberate_begin) + below(1'000'000)};
            break;
        case Act::set_umask: op.numbers = {below(2) == 0 ? 077U : 02U}; break;
        case Act::set_flags: op.numbers = {flags()}; break;
        case Act::replace: op.other = path(); break;
        case Act::open:
        case Act::remove_directory:
        case Act::unlink:
        case Act::remove_tree: break;
        }
        return op;
    }

    std::mt19937_64 random_;
    std::vector<std::string> known_;
};

} // namespace

Script generate_script(std::uint64_t seed) {
    Generator generator{seed};
    Script script;
    script.furniture = generator.furniture();
    script.work = generator.work();
    return script;
}

} // namespace disco::property
