#include "tests/support/mounted_tree.hpp"
#include "tests/support/build_tree.hpp"

#include "runner/sys/error.hpp"

#include <algorithm>
#include <iostream>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

constexpr const char* plain_path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

bool listed(const std::string& type) {
    const std::string text = sys::read_file("/proc/filesystems");
    return text.find("\t" + type + "\n") != std::string::npos;
}

std::vector<std::string> mkfs_words(const std::string& type) {
    if (type == "ext4") return {"mkfs.ext4", "-q", "-F"};
    if (type == "vfat") return {"mkfs.vfat"};
    return {"mkfs." + type, "-q"};
}

} // namespace

std::string succeed(const std::vector<std::string>& argv) {
    const sys::ProgramResult result = sys::run_program({.argv = argv,
                                                        .environment = {plain_path, "LC_ALL=C.UTF-8"},
                                                        .input = {},
                                                        .timeout = std::chrono::minutes{2}});
    if (!result.succeeded())
        throw sys::Error{
            fmt::format("the test's command fails: {}: {}{}", argv, result.output, result.error)};
    return result.output;
}

void make_image(const fs::path& image, const std::string& type, unsigned mebibytes,
                const std::vector<std::string>& mkfs_options) {
    sys::write_file(image, "", 0600);
    sys::check(::truncate(image.c_str(), off_t{mebibytes} << 20), "make an image", image);
    std::vector<std::string> argv = mkfs_words(type);
    argv.insert(argv.end(), mkfs_options.begin(), mkfs_options.end());
    argv.push_back(image);
    (void)succeed(argv);
}

bool kernel_has(const std::string& type) {
    if (listed(type)) return true;
    (void)sys::run_program({.argv = {"sh", "-c", "modprobe -q \"$0\"", type},
                            .environment = {plain_path},
                            .input = {},
                            .timeout = std::chrono::seconds{30}});
    return listed(type);
}

void MountedTreeTest::TearDown() {
    if (IsSkipped() || place().empty()) return DanceTest::TearDown();
    for (auto at = mounted_.rbegin(); at != mounted_.rend(); ++at)
        EXPECT_EQ(::umount2(at->c_str(), UMOUNT_NOFOLLOW), 0) << *at;
    if (fuse_) wait_for_orphans();
    DanceTest::TearDown();
}

void MountedTreeTest::mount_image(const std::string& type, unsigned mebibytes, const fs::path& at,
                                  const std::vector<std::string>& mkfs_options) {
    fs::create_directories(at);
    const fs::path image = place() / fmt::format("image-{}", images_++);
    make_image(image, type, mebibytes, mkfs_options);
    succeed({"mount", "-t", type, "-o", "loop", image, at});
    mounted_.push_back(at);
    fs::remove(at / "lost+found");
}

void MountedTreeTest::mount_tmpfs(const fs::path& at, const std::string& options) {
    fs::create_directories(at);
    sys::check(::mount("disco-test", at.c_str(), "tmpfs", 0, options.c_str()), "mount", at);
    mounted_.push_back(at);
}

void MountedTreeTest::bind(const fs::path& what, const fs::path& at, unsigned long flags) {
    if (fs::is_directory(what))
        fs::create_directories(at);
    else if (!fs::exists(at))
        put(at, "");
    sys::check(::mount(what.c_str(), at.c_str(), nullptr, MS_BIND, nullptr), "bind", at);
    mounted_.push_back(at);
    if (flags != 0)
        sys::check(::mount(nullptr, at.c_str(), nullptr, MS_REMOUNT | MS_BIND | flags, nullptr), "remount",
                   at);
}

void MountedTreeTest::mount_overlay(const fs::path& lower, const fs::path& at,
                                    const std::string& more_options) {
    const fs::path own = place() / fmt::format("overlay-{}", overlays_++);
    const fs::path upper = own / "upper", work = own / "work";
    for (const fs::path& directory : {upper, work, at}) fs::create_directories(directory);
    const std::string options = fmt::format("lowerdir={},upperdir={},workdir={}{}", lower.string(),
                                            upper.string(), work.string(), more_options);
    sys::check(::mount("disco-test", at.c_str(), "overlay", 0, options.c_str()), "mount", at);
    mounted_.push_back(at);
}

std::string MountedTreeTest::mount_foreign(const fs::path& at) {
    if (kernel_has("vfat")) {
        mount_image("vfat", 2, at);
        return "vfat";
    }
    std::cout
        << "LEFT OUT: vfat at " << at
        << ", which this kernel does not have (/proc/filesystems); an overlay that is nested too deeply "
           "is there instead\n";
    const fs::path ground = place() / "ground", once = place() / "once";
    fs::create_directories(ground);
    mount_overlay(ground, once);
    mount_overlay(once, at);
    return "overlay";
}

void MountedTreeTest::need_fuse() {
    if (!fs::exists("/dev/fuse")) GTEST_SKIP() << "LEFT OUT: this kernel has no FUSE (/dev/fuse)";
    need({"/usr/bin/bindfs"});
}

void MountedTreeTest::mount_fuse(const fs::path& what, const fs::path& at, For whom) {
    for (const fs::path& directory : {what, at}) fs::create_directories(directory);
    fuse_ = true;
    std::vector<std::string> argv = {"bindfs", what, at};
    // Its user is the one by the real user id; the effective one may mount.
    if (whom == For::one_user) argv = {"setpriv", "--ruid", "65534", "bindfs", "--no-allow-other", what, at};
    succeed(std::move(argv));
    mounted_.push_back(at);
}

void MountedTreeTest::put_root_on(const std::string& type, unsigned mebibytes,
                                  const std::vector<std::string>& mkfs_options) {
    const fs::path model = place() / "model";
    fs::rename(root(), model);
    mount_image(type, mebibytes, root(), mkfs_options);
    succeed({"cp", "-a", model / ".", root()});
    fs::remove_all(model);
}

std::string MountedTreeTest::native(const std::string& script) const {
    return succeed({"chroot", root(), "/bin/bash", "-c", script});
}

std::string MountedTreeTest::outside(const std::string& script) { return succeed({"bash", "-ec", script}); }

std::vector<std::string> MountedTreeTest::exec_words(const std::string& mode,
                                                     const std::string& script) const {
    return {disco_binary(), "exec", mode,        "--root", root(), "--state-dir",
            state(),        "--",   "/bin/bash", "-c",     script};
}

sys::ProgramResult MountedTreeTest::exec(const std::string& mode, const std::string& script) const {
    std::vector<std::string> words = exec_words(mode, script);
    words.erase(words.begin());
    return disco(std::move(words));
}

sys::ProgramResult MountedTreeTest::command(const std::string& word) const {
    return disco({word, "--state-dir", state()});
}

std::vector<std::string> MountedTreeTest::changes() const {
    std::vector<std::string> lines;
    const nlohmann::json report = last_report();
    for (const auto& module : report.at("modules"))
        for (const auto& change : module.at("changes"))
            lines.push_back(change.at("kind").get<std::string>() + " " +
                            change.at("path").get<std::string>());
    std::sort(lines.begin(), lines.end());
    return lines;
}

Snapshot MountedTreeTest::tree() const { return without_state(contents(root())); }

Snapshot MountedTreeTest::without_state(Snapshot all) const {
    const std::string inside = "/" + state().lexically_relative(root()).string();
    std::erase_if(
        all, [&](const auto& one) { return one.first == inside || one.first.starts_with(inside + "/"); });
    return all;
}

void MountedTreeTest::expect_nothing_left() const {
    EXPECT_EQ(outside(fmt::format("find {} -name '.disco*'", root().string())), "");
    EXPECT_TRUE(fs::is_empty(state() / "scratch"));
    EXPECT_FALSE(fs::exists(state() / "changed-meanwhile"));
    if (!fs::exists(state() / "undo")) return;
    for (const auto& run : fs::directory_iterator{state() / "undo"})
        EXPECT_TRUE(!run.is_directory() || fs::exists(run.path() / "record")) << run.path();
}

} // namespace disco::tests
