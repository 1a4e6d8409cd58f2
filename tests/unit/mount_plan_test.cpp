// The plans by which a view is built: their order is what keeps a script from choosing where a mount goes.

#include "runner/sandbox/mount_plan.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>

#include <linux/mount.h>
#include <sys/mount.h>

#include <gmock/gmock.h>

namespace disco::sandbox {
namespace {

using Kind = MountStep::Kind;
using testing::AnyOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::Not;

ViewSpec view() {
    ViewSpec view;
    view.overlays = {{{"", "", "live"}, {"/home", "", "live-home"}},
                     {{"", "base", "kept"}, {"/home", "base-home", "kept-home"}}};
    view.ground = "/proc";
    view.skeleton = "/proc/r";
    view.nothing = "/proc/e";
    view.live = "/proc/b";
    view.view = "/proc/v";
    view.stage = "/proc/s";
    view.bound = {{"/live/etc/hostname", "/etc/hostname", true}};
    view.hidden = {"/srv/state", "/var/lib/disco"};
    view.runtime = "/lib/disco/sandbox";
    view.module = "/state/modules/m";
    view.commands = "/state/commands";
    view.parameters = "/state/parameters";
    view.node = "web1";
    return view;
}

std::vector<MountStep> of_kind(const MountPlan& plan, Kind kind) {
    std::vector<MountStep> found;
    std::copy_if(plan.begin(), plan.end(), std::back_inserter(found),
                 [&](const MountStep& step) { return step.kind == kind; });
    return found;
}

std::vector<std::string> targets(const std::vector<MountStep>& steps) {
    std::vector<std::string> found;
    for (const MountStep& step : steps) found.push_back(step.target);
    return found;
}

std::ptrdiff_t position(const MountPlan& plan, Kind kind) {
    return std::find_if(plan.begin(), plan.end(), [&](const MountStep& step) { return step.kind == kind; }) -
           plan.begin();
}

TEST(MountPlan, NeedsNoLayerAhead) {
    const MountPlans plans = make_mount_plans(view());
    EXPECT_THAT(of_kind(plans.ahead, Kind::overlay), IsEmpty());
    EXPECT_THAT(of_kind(plans.ahead, Kind::pivot), IsEmpty());
    for (const MountStep& step : plans.ahead)
        EXPECT_TRUE(step.target.empty() || step.target.starts_with("/proc") || step.kind == Kind::work_in)
            << step.describe();
}

TEST(MountPlan, HasOnePlanToEnterByForEveryAlternative) {
    const MountPlans plans = make_mount_plans(view());
    ASSERT_EQ(plans.enter.size(), 2U);
    const auto options = [](const MountPlan& plan) {
        std::vector<std::string> found;
        for (const MountStep& step : of_kind(plan, Kind::overlay)) found.push_back(step.options);
        return found;
    };
    EXPECT_THAT(options(plans.enter[0]), ElementsAre("live-home", "live"));
    EXPECT_THAT(options(plans.enter[1]), ElementsAre("base-home", "kept-home", "base", "kept"));
}

TEST(MountPlan, ABaseOverlayIsReadOnly) {
    const MountPlan plan = make_mount_plans(view()).enter[1];
    for (const MountStep& step : of_kind(plan, Kind::overlay))
        EXPECT_EQ((step.flags & MS_RDONLY) != 0, step.target == "/proc/b") << step.describe();
    EXPECT_THAT(targets(of_kind(plan, Kind::overlay)),
                ElementsAre("/proc/b", Not("/proc/v"), "/proc/b", "/proc/v"));
}

TEST(MountPlan, NamesNoHostPathAfterThePivot) {
    for (const MountPlan& plan : make_mount_plans(view()).enter) {
        const auto pivot = position(plan, Kind::pivot);
        const MountPlan after(plan.begin() + pivot + 1, plan.end());
        EXPECT_THAT(of_kind(after, Kind::clone), IsEmpty());
        EXPECT_THAT(of_kind(after, Kind::overlay), IsEmpty());
        EXPECT_THAT(after, Each(Field(&MountStep::source, IsEmpty())));
        EXPECT_EQ(after.back().kind, Kind::let_go) << "the host's root is there until the end";
    }
}

TEST(MountPlan, PutsTheSandboxsOwnTreesOverTheManagedOnes) {
    const MountPlan plan = make_mount_plans(view()).enter[0];
    EXPECT_THAT(targets(of_kind(plan, Kind::attach)),
                ElementsAre("/etc/hostname", "/home", "/dev", "/proc", "/sys", "/tmp", "/run", "/run/lock",
                            "/run/disco", "/var/lib/disco", "/srv/state"));
}

TEST(MountPlan, LeavesTheMachinesOwnRunToItsOverlay) {
    ViewSpec spec = view();
    spec.memory = "/proc/m";
    spec.broker = "/run/disco-broker/socket";
    const MountPlan plan = make_mount_plans(spec).enter[0];
    EXPECT_THAT(targets(of_kind(plan, Kind::attach)),
                ElementsAre("/etc/hostname", "/home", "/dev", "/proc", "/sys", "/tmp", "/run/lock",
                            "/run/disco", "/run/disco-broker", "/var/lib/disco", "/srv/state"));
}

TEST(MountPlan, AttachesEverySlotOnceAndTakesItFirst) {
    const MountPlans plans = make_mount_plans(view());
    for (const MountPlan& enter : plans.enter) {
        std::vector<int> filled;
        for (const MountPlan* plan : {&plans.ahead, &enter})
            for (const MountStep& step : *plan) {
                if (step.kind == Kind::clone || step.kind == Kind::take) {
                    EXPECT_THAT(filled, Not(Contains(step.slot))) << step.describe();
                    EXPECT_LT(step.slot, max_slots);
                    filled.push_back(step.slot);
                }
                if (step.kind != Kind::attach) continue;
                ASSERT_THAT(filled, Contains(step.slot)) << step.describe();
                filled.erase(std::find(filled.begin(), filled.end(), step.slot));
            }
        EXPECT_THAT(filled, IsEmpty());
    }
}

TEST(MountPlan, MakesWhatIsTheMachinesInProcReadOnly) {
    ViewSpec spec = view();
    spec.proc_entries = {"/cpuinfo", "/kcore", "/scsi", "/sys"};
    const MountPlan plan = make_mount_plans(spec).ahead;
    std::vector<std::string> bound;
    const auto in_proc = std::find_if(plan.begin(), plan.end(), [](const MountStep& step) {
        return step.kind == Kind::work_in && step.target == "/proc/s/proc";
    });
    for (auto step = in_proc; step != plan.end() && step->target != "/"; ++step)
        if (step->kind == Kind::bind) bound.push_back(step->target);
    EXPECT_THAT(bound, ElementsAre("cpuinfo", "sys")) << "what is masked needs no other mount";
    EXPECT_THAT(targets(of_kind(plan, Kind::make_tree_readonly)), ElementsAre("/proc/s/proc"));
    EXPECT_THAT(targets(of_kind(plan, Kind::make_writable)), ElementsAre("/proc/s/proc"))
        << "but not what is the processes'";
    spec.host_sysfs = true;
    EXPECT_THAT(targets(of_kind(make_mount_plans(spec).ahead, Kind::make_writable)), IsEmpty())
        << "that leads to the files of the machine's network";
}

TEST(MountPlan, BoundsProcessNumbersBeforeTheSettingsAreReadOnly) {
    const auto place = [](const MountPlan& plan, Kind kind) {
        return std::find_if(plan.begin(), plan.end(), [&](const MountStep& step) {
            return step.kind == kind && step.target.find("/proc/sys") != std::string::npos;
        });
    };
    ViewSpec spec = view();
    const MountPlan without = make_mount_plans(spec).ahead;
    EXPECT_EQ(place(without, Kind::write), without.end()) << "it would be the machine's";
    spec.pid_max = 4608;
    spec.proc_entries = {"/sys"};
    const MountPlan plan = make_mount_plans(spec).ahead;
    const auto written = place(plan, Kind::write);
    ASSERT_NE(written, plan.end());
    EXPECT_EQ(written->target, "/proc/s/proc/sys/kernel/pid_max");
    EXPECT_EQ(written->options, "4608");
    EXPECT_LT(written - plan.begin(), position(plan, Kind::work_in)) << "where they are bound";
}

TEST(MountPlan, ShowsTheHostReadOnly) {
    for (const MountStep& step : of_kind(make_mount_plans(view()).ahead, Kind::clone))
        EXPECT_NE(step.attributes & MOUNT_ATTR_RDONLY, 0U) << step.source;
}

TEST(MountPlan, MasksWithItsOwnDeviceAndAnEmptyDirectory) {
    // A bind of the host's /dev/null would let a script change the host's node.
    const MountPlan plan = make_mount_plans(view()).ahead;
    const auto masks = of_kind(plan, Kind::mask);
    EXPECT_THAT(masks, Contains(Field(&MountStep::source, "/proc/s/dev/null")));
    EXPECT_THAT(masks, Contains(Field(&MountStep::source, "/proc/s/empty")));
    EXPECT_THAT(masks, Each(Field(&MountStep::source, AnyOf("/proc/s/dev/null", "/proc/s/empty"))));
    EXPECT_THAT(targets(of_kind(plan, Kind::make_readonly)), Contains("/proc/s/empty"));
}

TEST(MountPlan, CoversTheStateDirectory) {
    const MountPlan plan = make_mount_plans(view()).enter[0];
    const auto empty = std::find_if(plan.begin(), plan.end(), [](const MountStep& step) {
        return step.kind == Kind::clone && step.source == "/proc/s/empty";
    });
    ASSERT_NE(empty, plan.end());
    const auto covers = std::find_if(plan.begin(), plan.end(), [&](const MountStep& step) {
        return step.kind == Kind::attach && step.slot == empty->slot;
    });
    ASSERT_NE(covers, plan.end());
    EXPECT_EQ(covers->target, "/srv/state");
    EXPECT_TRUE(covers->optional) << "a module may have removed it";
    ViewSpec inside = view();
    inside.hidden = {"/tmp/state", "/var/lib/disco"};
    EXPECT_THAT(of_kind(make_mount_plans(inside).enter[0], Kind::clone), IsEmpty())
        << "what is private has nothing of it";
}

TEST(MountPlan, GivesNoFileSystemInMemoryMoreThanItsShare) {
    ViewSpec own = view();
    own.memory = "/proc/m";
    for (const ViewSpec& each : {view(), own})
        for (const MountStep& step : of_kind(make_mount_plans(each).ahead, Kind::mount))
            if (step.type == "tmpfs") { // without a size it would be half of the machine's memory
                EXPECT_THAT(step.options, testing::HasSubstr("size=")) << step.describe();
            }
}

TEST(MountPlan, TakesSysfsFromTheHostWithItsNetwork) {
    ViewSpec shared = view();
    shared.host_sysfs = true;
    const auto sources = [](const ViewSpec& spec) {
        std::vector<std::string> found;
        for (const MountStep& step : of_kind(make_mount_plans(spec).ahead, Kind::clone))
            found.push_back(step.source);
        return found;
    };
    EXPECT_THAT(sources(shared), Contains("/sys"));
    EXPECT_THAT(sources(view()), Not(Contains("/sys")));
}

TEST(MountPlan, ShowsAResolverFileWithoutNeedingItsNameInTheTree) {
    ViewSpec egress = view();
    egress.resolver_file = "/state/resolv.conf";
    const MountPlans plans = make_mount_plans(egress);
    EXPECT_THAT(targets(of_kind(plans.ahead, Kind::make_file)), ElementsAre("/proc/r/etc/resolv.conf"));
    for (const MountPlan& plan : plans.enter) {
        const MountStep last = of_kind(plan, Kind::attach).back();
        EXPECT_EQ(last.target, "/etc/resolv.conf") << "over whatever else is mounted there";
        EXPECT_TRUE(last.optional) << "an earlier module may have deleted it";
    }
    EXPECT_THAT(of_kind(make_mount_plans(view()).ahead, Kind::make_file), IsEmpty());
}

TEST(MountPlan, RefusesMoreMountsThanItHasSlots) {
    ViewSpec many = view();
    many.bound.assign(max_slots, {"/live/x", "/x", true});
    EXPECT_THROW((void)make_mount_plans(many), sys::Error);
}

} // namespace
} // namespace disco::sandbox
