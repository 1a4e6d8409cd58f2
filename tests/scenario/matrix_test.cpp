// What a script leaves at a path × what was there on the live root: every cell, by every way to get there,
// natively and by a merge.

#include "runner/model/object_state.hpp"
#include "tests/property/trial.hpp"
#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <iterator>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

using model::ObjectType;
using property::Act;
using property::Operation;

enum class Shape {
    absent,
    file,
    empty_file,
    sparse_file,
    linked_file, ///< with a second name beside it
    symlink,
    linked_symlink,
    empty_directory,
    full_directory,
    fifo,
    socket,
    block_device,
    character_device,
};
constexpr Shape shapes[] = {
    Shape::absent,  Shape::file,           Shape::empty_file,       Shape::sparse_file,    Shape::linked_file,
    Shape::symlink, Shape::linked_symlink, Shape::empty_directory,  Shape::full_directory, Shape::fifo,
    Shape::socket,  Shape::block_device,   Shape::character_device,
};

// No `default` in any of the switches: a shape that one of them lacks stops the build.

constexpr const char* to_string(Shape shape) {
    switch (shape) {
    case Shape::absent: return "absent";
    case Shape::file: return "file";
    case Shape::empty_file: return "empty_file";
    case Shape::sparse_file: return "sparse_file";
    case Shape::linked_file: return "linked_file";
    case Shape::symlink: return "symlink";
    case Shape::linked_symlink: return "linked_symlink";
    case Shape::empty_directory: return "empty_directory";
    case Shape::full_directory: return "full_directory";
    case Shape::fifo: return "fifo";
    case Shape::socket: return "socket";
    case Shape::block_device: return "block_device";
    case Shape::character_device: return "character_device";
    }
    return nullptr;
}

constexpr bool has_type(Shape shape, ObjectType type) {
    switch (shape) {
    case Shape::absent: return false;
    case Shape::file:
    case Shape::empty_file:
    case Shape::sparse_file:
    case Shape::linked_file: return type == ObjectType::file;
    case Shape::symlink:
    case Shape::linked_symlink: return type == ObjectType::symlink;
    case Shape::empty_directory:
    case Shape::full_directory: return type == ObjectType::directory;
    case Shape::fifo: return type == ObjectType::fifo;
    case Shape::socket: return type == ObjectType::socket;
    case Shape::block_device: return type == ObjectType::block_device;
    case Shape::character_device: return type == ObjectType::character_device;
    }
    return false;
}

constexpr bool every_shape_is_listed() {
    for (int value = 0; value <= static_cast<int>(Shape::character_device); ++value)
        if (std::find(std::begin(shapes), std::end(shapes), static_cast<Shape>(value)) == std::end(shapes))
            return false;
    return true;
}
static_assert(every_shape_is_listed());

constexpr bool every_type_has_a_shape() {
    for (int value = 0; value <= static_cast<int>(ObjectType::character_device); ++value)
        if (std::none_of(std::begin(shapes), std::end(shapes),
                         [&](Shape shape) { return has_type(shape, static_cast<ObjectType>(value)); }))
            return false;
    return true;
}
static_assert(every_type_has_a_shape());

/// Makes the shape at `path`, where there is nothing. `salt` tells two of one shape apart.
std::vector<Operation> make(Shape shape, const std::string& path, unsigned salt) {
    const std::string second = path + "-second";
    switch (shape) {
    case Shape::absent: return {};
    case Shape::file: return {{.act = Act::create, .numbers = {0644 | salt, 100 + salt}, .path = path}};
    case Shape::empty_file: return {{.act = Act::create, .numbers = {0644, 0}, .path = path}};
    case Shape::sparse_file:
        return {{.act = Act::create, .numbers = {0600, 10}, .path = path},
                {.act = Act::truncate, .numbers = {(8U << 20) + salt}, .path = path}};
    case Shape::linked_file:
        return {{.act = Act::create, .numbers = {0644, 200 + salt}, .path = path},
                {.act = Act::link, .path = path, .other = second}};
    case Shape::symlink: return {{.act = Act::symlink, .path = path, .other = fmt::format("to-{}", salt)}};
    case Shape::linked_symlink:
        return {{.act = Act::symlink, .path = path, .other = fmt::format("on-{}", salt)},
                {.act = Act::link, .path = path, .other = second}};
    case Shape::empty_directory:
        return {{.act = Act::make_directory, .numbers = {0700 | salt}, .path = path}};
    case Shape::full_directory:
        return {{.act = Act::make_directory, .numbers = {0755}, .path = path},
                {.act = Act::create, .numbers = {0644, 10 + salt}, .path = path + "/in"},
                {.act = Act::make_directory, .numbers = {0755}, .path = path + "/deep"},
                {.act = Act::create, .numbers = {0644, 20}, .path = fmt::format("{}/deep/of-{}", path, salt)},
                {.act = Act::link, .path = path + "/in", .other = second}};
    case Shape::fifo: return {{.act = Act::fifo, .numbers = {0600 | salt}, .path = path}};
    case Shape::socket: return {{.act = Act::socket, .numbers = {0600 | salt}, .path = path}};
    case Shape::block_device:
        return {{.act = Act::device, .numbers = {S_IFBLK | 0600, makedev(7, 100 + salt)}, .path = path}};
    case Shape::character_device:
        return {{.act = Act::device, .numbers = {S_IFCHR | 0600, makedev(1, 3 + salt)}, .path = path}};
    }
    return {};
}

/// How what was there gives way to what is there.
enum class Way {
    removed_and_made, ///< a directory in the place of one is opaque
    renamed,          ///< over what was there, unless it has to be removed first
    exchanged,        ///< with something of the other shape
    linked,           ///< a second name of something, in place of what was there
};
constexpr Way ways[] = {Way::removed_and_made, Way::renamed, Way::exchanged, Way::linked};

constexpr const char* place = "t/x";

/// Where there may be something of the new shape before.
constexpr const char* elsewhere = "t/elsewhere";

property::Script script(Way way, Shape before, Shape after) {
    property::Script script;
    const auto append = [](std::vector<Operation>& to, const std::vector<Operation>& more) {
        to.insert(to.end(), more.begin(), more.end());
    };
    script.furniture = {{.act = Act::make_directory, .numbers = {0755}, .path = "t"},
                        {.act = Act::create, .numbers = {0644, 5}, .path = "t/bystander"}};
    append(script.furniture, make(before, place, 0));
    if (way != Way::removed_and_made) append(script.furniture, make(after, elsewhere, 1));
    const Operation remove = {.act = Act::remove_tree, .path = place};
    switch (way) {
    case Way::removed_and_made:
        script.work = {remove, {.act = Act::unlink, .path = std::string{place} + "-second"}};
        append(script.work, make(after, place, 1));
        break;
    case Way::renamed:
        if (has_type(before, ObjectType::directory) != has_type(after, ObjectType::directory) ||
            before == Shape::full_directory)
            script.work = {remove};
        script.work.push_back({.act = Act::rename, .path = elsewhere, .other = place});
        break;
    case Way::exchanged: script.work = {{.act = Act::exchange, .path = elsewhere, .other = place}}; break;
    case Way::linked: script.work = {remove, {.act = Act::link, .path = elsewhere, .other = place}}; break;
    }
    return script;
}

/// What changes an object and leaves it the same.
std::vector<Operation> touches() {
    return {
        {.act = Act::chmod, .numbers = {0711}, .path = place},
        {.act = Act::chown, .numbers = {33, 33}, .path = place},
        {.act = Act::set_xattr, .path = place, .other = "user.a", .text = "value"},
        {.act = Act::access_acl, .numbers = {4, 0}, .path = place},
        {.act = Act::default_acl, .numbers = {4, 0}, .path = place},
        {.act = Act::append, .numbers = {10}, .path = place},
        {.act = Act::truncate, .numbers = {3}, .path = place},
        {.act = Act::open, .path = place},
        {.act = Act::set_times, .numbers = {1'000'000'000}, .path = place},
        {.act = Act::rename, .path = place, .other = "t/new-name"},
        {.act = Act::link, .path = place, .other = "t/third"},
        {.act = Act::create, .numbers = {0644, 3}, .path = std::string{place} + "/new"},
        {.act = Act::unlink, .path = std::string{place} + "/in"},
        {.act = Act::replace, .path = place, .other = "t/aside"},
    };
}

class Matrix : public ThrowAwayTest, public testing::WithParamInterface<Shape> {
protected:
    void expect_no_objections(const property::Script& script, const std::string& what) const {
        const std::string objections =
            property::objections(script, {this->place() / "trees", this->place() / "state"});
        EXPECT_EQ(objections, "") << what << "\n" << property::shown(script);
    }
};

TEST_P(Matrix, GivesWayToEveryOther) {
    for (const Way way : ways)
        for (const Shape after : shapes) {
            const bool needs_something = way == Way::exchanged || way == Way::linked;
            const bool fails = (needs_something && after == Shape::absent) ||
                               (way == Way::linked && has_type(after, ObjectType::directory));
            if (fails) continue; // natively, so that there is nothing to merge
            expect_no_objections(script(way, GetParam(), after),
                                 fmt::format("to {} by way {}", to_string(after), static_cast<int>(way)));
        }
}

TEST_P(Matrix, CanBeTouched) {
    for (const Operation& touch : touches()) {
        property::Script script = tests::script(Way::exchanged, GetParam(), Shape::absent);
        script.work = {touch};
        expect_no_objections(script, property::to_string(touch.act));
    }
}

INSTANTIATE_TEST_SUITE_P(Of, Matrix, testing::ValuesIn(shapes),
                         [](const auto& row) { return std::string{to_string(row.param)}; });

} // namespace
} // namespace disco::tests
