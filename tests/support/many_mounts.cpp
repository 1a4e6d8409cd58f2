#include "tests/support/many_mounts.hpp"

#include "runner/overlay/user_attributes.hpp"
#include "runner/sys/error.hpp"

#include <sys/mount.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

// Before Linux 6.6 a tmpfs, as at /opt/kit, takes no attributes of users.
constexpr const char* furnish = R"(
    attribute() { [[ ${!#} == opt/kit/* ]] || setfattr "$@"; }
    mkdir -p srv/{data,old/deep,empty} opt/kit/deep
    echo one > srv/data/one; echo two > srv/data/two; ln -s one srv/data/link; echo x > srv/old/deep/x
    for at in home/alice var/lib/app var/log/app opt/kit; do
        mkdir -p $at/{going/deep,emptied,changing}
        echo kept > $at/kept; echo kept > $at/owned; echo changed > $at/changed; echo gone > $at/gone; echo x > $at/going/deep/x
        echo file > $at/becomes-directory; echo y > $at/emptied/y; ln -s kept $at/link; mkfifo $at/fifo
        truncate -s 3M $at/sparse; echo end >> $at/sparse
        attribute -n user.before -v value $at/changed; setfacl -m u:33:rw $at/kept $at/owned
        setfacl -d -m u:33:rwx $at/changing; chown 33:33 $at/changing; chmod 2775 $at/changing
    done
    echo kernel > boot/kernel
)";

} // namespace

const char* const rearrange_mounts = R"(
    set -e; cd /
    attribute() { [[ ${!#} == opt/kit/* ]] || setfattr "$@"; }
    echo more >> srv/data/one; rm -r srv/old; echo instead > srv/old; rmdir srv/empty
    echo through >> srv/bound/two; echo new > srv/bound/new
    for at in home/alice var/lib/app var/log/app opt/kit; do
        echo more >> $at/changed; attribute -x user.before $at/changed; attribute -n user.after -v value $at/changed
        chmod 4755 $at/kept; setfacl -m g:33:r $at/kept; chown 33 $at/kept $at/owned
        rm $at/gone; rm -r $at/going; rm $at/emptied/y; ln -sfn changed $at/link
        rm $at/becomes-directory; mkdir $at/becomes-directory; echo in > $at/becomes-directory/in
        echo inherits > $at/changing/inherits; mkdir -p $at/new/deep; echo n > $at/new/deep/n
        echo tail >> $at/sparse; chown 33:4 $at/fifo; mknod $at/device c 1 3
        attribute -n user.on.directory -v value $at/new
        ln $at/new/deep/n $at/new/twin
    done
    echo newer > boot/kernel; mkdir boot/loader; echo entry > boot/loader/entry
)";

std::string name_of(const testing::TestParamInfo<StateOn>& where) {
    switch (where.param) {
    case StateOn::root: return "Root";
    case StateOn::memory: return "Memory";
    case StateOn::home: return "Home";
    case StateOn::var: return "Var";
    }
    return "";
}

void ManyMountsTest::SetUp() {
    DanceTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    put_root_on("ext4", 256);
    mount_image("xfs", 300, root() / "home");
    mount_image("btrfs", 110, root() / "var");
    mount_image("ext4", 8, root() / "var/log"); // below a mount, of the root's type
    mount_image("ext4", 2, root() / "boot");
    mount_tmpfs(root() / "opt");
    outside(fmt::format("cd {}; {}", root().string(), furnish));
    bind(root() / "srv/data", root() / "srv/bound");
    bind(root() / "srv/data", root() / "srv/readonly", MS_RDONLY);
    put(place() / "elsewhere", "of the host\n");
    bind(place() / "elsewhere", root() / "etc/bound");
    mount_image("ext4", 1, root() / "media");
    put(root() / "media/file", "file\n");
    sys::check(::mount(nullptr, (root() / "media").c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr),
               "remount", "media");
    switch (GetParam()) {
    case StateOn::root: state_here = root() / "state"; break;
    case StateOn::memory: break;
    case StateOn::home: state_here = root() / "home/state"; break;
    case StateOn::var: state_here = root() / "var/lib/disco"; break;
    }
    fs::create_directories(state());
}

bool ManyMountsTest::layers_are_refused() const {
    if (!overlay::lost_user_attributes(state(), {{.inside = "", .live = root()}})) return false;
    const auto result = exec("--merge", "true");
    EXPECT_EQ(result.exit, 78) << result.output << result.error;
    EXPECT_NE(result.error.find("takes no extended attributes user.*"), std::string::npos) << result.error;
    return true;
}

} // namespace disco::tests
