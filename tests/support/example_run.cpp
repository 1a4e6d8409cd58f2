#include "tests/support/example_run.hpp"

#include "runner/sys/sha256.hpp"

#include <utility>

#include <sys/sysmacros.h>

namespace disco::tests {
namespace {

using namespace model;

/// 2026-01-31T23:59:59.000000042Z
constexpr timespec moment = {1769903999, 42};

ObjectState object(ObjectType type, mode_t mode) {
    ObjectState state;
    state.type = type;
    state.mode = mode;
    state.mtime = moment;
    return state;
}

ObjectState file(std::string_view bytes, mode_t mode = 0644) {
    ObjectState state = object(ObjectType::file, mode);
    state.size = bytes.size();
    state.sha256 = sys::sha256(bytes);
    return state;
}

ObjectState link(std::string target) {
    ObjectState state = object(ObjectType::symlink, 0777);
    state.target = std::move(target);
    return state;
}

ObjectState device(ObjectType type, unsigned int number) {
    ObjectState state = object(type, 0660);
    state.gid = 6;
    state.rdev = makedev(8, number);
    return state;
}

Change change(std::string path, ChangeKind kind, std::optional<ObjectState> before,
              std::optional<ObjectState> after, std::string diff = {}) {
    Change made;
    made.path = std::move(path);
    made.kind = kind;
    made.before = std::move(before);
    made.after = std::move(after);
    made.diff = std::move(diff);
    if (made.before) made.before_owner = made.before_group = "root";
    if (made.after) made.after_owner = made.after_group = "root";
    return made;
}

/// `times` tells the steps apart; no two numbers of a step are alike.
Step step(Phase phase, std::string name, Profile profile, int times, std::string output = {}) {
    const double seconds = times;
    Step made;
    made.phase = phase;
    made.name = std::move(name);
    made.profile = profile;
    made.wall_s = seconds / 8;
    made.usage = {.user_s = seconds / 16,
                  .sys_s = seconds / 32,
                  .max_rss_kib = 1000 + times,
                  .minor_faults = 200 + times,
                  .major_faults = 30 + times,
                  .blocks_in = 4 + times,
                  .blocks_out = 50 + times,
                  .switches_voluntary = 600 + times,
                  .switches_involuntary = 70 + times};
    made.output = std::move(output);
    return made;
}

/// At the end of the report; its changes come after those that are there.
ModuleReport& add_module(ExampleRun& example, std::string name, ModuleOutcome outcome, std::string reason) {
    ModuleReport module;
    module.name = std::move(name);
    module.outcome = outcome;
    module.reason = std::move(reason);
    module.first_change = example.changes.size();
    return example.run.modules.emplace_back(std::move(module));
}

void add_changes(ExampleRun& example) {
    using enum ChangeKind;
    const std::string motd = "--- a/etc/motd\n+++ b/etc/motd\n";
    example.add(change("/etc/motd", modified, file("a\nb\n"), file("a\nB\nc\n"),
                       motd + "@@ -1,2 +1,3 @@\n a\n-b\n+B\n+c\n"));
    example.add(
        change("/etc/new", created, std::nullopt, file("hello", 0600),
               "--- /dev/null\n+++ b/etc/new\n@@ -0,0 +1 @@\n+hello\n\\ No newline at end of file\n"));
    example.add(change("/etc/old", deleted, file("x\n"), std::nullopt,
                       "--- a/etc/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"));
    Change owned = change("/etc/owned", metadata, file("", 0644), file("", 04755));
    owned.after->uid = 1234;
    owned.after_owner = "1234";
    owned.before->xattrs = {{"user.gone", "1"}, {"user.kept", "2"}};
    owned.after->xattrs = {{"security.capability", std::string{"\x01\0\xff", 3}}, {"user.kept", "3"}};
    example.add(owned);
    example.add(change("/etc/link", modified, link("old"), link("new target")));
    example.add(change("/etc/dir", replaced, file("x\n"), object(ObjectType::directory, 0755)));
    example.add(change("/srv/pipe", created, std::nullopt, object(ObjectType::fifo, 0600)));
    example.add(change("/srv/socket", deleted, object(ObjectType::socket, 0755), std::nullopt));
    example.add(change("/srv/disk", modified, device(ObjectType::block_device, 1),
                       device(ObjectType::block_device, 17)));
    example.add(change("/srv/tty", created, std::nullopt, device(ObjectType::character_device, 64)));
    Change secret = change("/etc/shadow", modified, file("one", 0600), file("two", 0600));
    secret.redacted = true;
    example.add(secret);
    Change program = change("/usr/bin/x", replaced, link("y"),
                            file("\x7f"
                                 "ELF",
                                 0755));
    program.binary = true;
    example.add(program);
    example.add(change("/srv/\x1b[2J\n\xff\"\\ü", created, std::nullopt, link("\xfe")));
}

void add_changed_module(ExampleRun& example) {
    ModuleReport& module = add_module(example, "changed-1.0", ModuleOutcome::changed, "");
    module.steps = {step(Phase::files, "files", Profile::none, 1),
                    step(Phase::template_, "templates/etc/motd", Profile::template_, 2),
                    step(Phase::script, "scripts/10-\xc3\xa4.sh", Profile::strict, 3, "one\ntwo"),
                    step(Phase::script, "scripts/20-x.sh", Profile::simulate, 4, "tab\there \x1b[31mred\n"),
                    step(Phase::script, "scripts/30-x.sh", Profile::live, 5),
                    step(Phase::diff, "diff", Profile::none, 6)};
    module.notices = {
        {NoticeKind::would_execute,
         "would execute: systemctl reload 'a b'",
         {"systemctl", "reload", "a b"},
         "scripts/10-\xc3\xa4.sh"},
        {NoticeKind::refused, "refused: mount", {}, "scripts/10-\xc3\xa4.sh"},
        {NoticeKind::restricted, "line 3: cd: restricted", {}, "scripts/20-x.sh"},
        {NoticeKind::left_running, "left running: sleep 100", {}, "scripts/30-x.sh"},
        {NoticeKind::copied_shim, "copied the shim to /usr/bin/x \x1b[2J", {}, "scripts/30-x.sh"},
        {NoticeKind::network, "shared the host's network", {}, ""}};
    module.actions = {{{"systemctl", "reload", "a b"}, {}, ActionOutcome::pending, 0},
                      {{"true"}, {}, ActionOutcome::done, 0},
                      {{"false"}, {}, ActionOutcome::failed, 1}};
    add_changes(example);
}

} // namespace

void ExampleRun::add(const Change& change) {
    changes.append(report::recorded(change));
    ++run.modules.back().change_counts[static_cast<std::size_t>(change.kind)];
}

ExampleRun example_run() {
    ExampleRun example;
    RunReport& run = example.run;
    run = {.id = "20260131T235959Z-0a1b",
           .node = "web1",
           .mode = RunMode::live,
           .root = "/srv/image",
           .started = "2026-01-31T23:59:59Z",
           .wall_s = 7.1234564,
           .outcome = RunOutcome::conflict,
           .exit_code = model::ExitCode::conflict,
           .version = "9.9.9",
           .failure = "",
           .fingerprint = "0123abcd",
           .metrics = {step(Phase::fetch, "parameters", Profile::none, 7),
                       step(Phase::check, "check", Profile::none, 8),
                       step(Phase::action, "true", Profile::none, 9),
                       step(Phase::merge, "merge", Profile::none, 10)},
           .modules = {},
           .merge = {}};
    add_module(example, "in-sync", ModuleOutcome::in_sync, "").steps = {
        step(Phase::script, "scripts/10-a.sh", Profile::strict, 0)};
    add_changed_module(example);

    Step failed = step(Phase::script, "scripts/10-x.sh", Profile::strict, 11, "sh: no\nsuch \"thing\"\n");
    failed.exit = 1;
    add_module(example, "failed", ModuleOutcome::failed, "scripts/10-x.sh: exit 1").steps = {failed};
    example.add(change("/etc/half", ChangeKind::created, std::nullopt, file("half\n")));

    Step killed = step(Phase::script, "scripts/20-x.sh", Profile::live, 12);
    killed.signal = 9;
    for (int line = 1; line <= 23; ++line) killed.output += "line " + std::to_string(line) + "\n";
    add_module(example, "killed", ModuleOutcome::failed, "scripts/20-x.sh: signal 9 \x1b[2J").steps = {
        killed};

    add_module(example, "skipped", ModuleOutcome::skipped, "needs failed, which failed").comes_after = {
        "failed", "in-sync"};
    run.merge = {.steps = 12,
                 .conflicts = {{"/etc/motd", "as it was", "changed at 12:00"},
                               {"/etc/old", "as it was", "it is gone"}},
                 .kept = {"/srv/kept", "/srv/\xff"},
                 .undo = "/srv/undo"};
    return example;
}

std::string collected(const std::function<void(const std::function<void(std::string_view)>& write)>& report) {
    std::string text;
    report([&](std::string_view piece) { text += piece; });
    return text;
}

} // namespace disco::tests
