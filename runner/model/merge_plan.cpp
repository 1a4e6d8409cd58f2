#include "runner/model/merge_plan.hpp"

#include "runner/sys/printable.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::model {
namespace {

using Kind = ComposedEntry::Kind;
using Iterator = Composition::Entries::const_iterator;

class Planner {
public:
    explicit Planner(const Composition& composition) : composition_{composition} {}

    MergePlan plan() {
        const auto end = composition_.entries().end();
        for (auto at = composition_.entries().begin(); at != end;) at = take(at);
        return std::move(plan_);
    }

private:
    /// Plans an entry and, when it comes as a whole, all that is in it; returns the next one.
    Iterator take(Iterator at) {
        const auto& [path, entry] = *at;
        switch (entry.kind) {
        case Kind::absent:
            if (entry.live) plan_.live.emplace_back(Remove{path, *entry.live, next_name()});
            break;
        case Kind::object: {
            const ObjectSource source{entry.layer, path};
            clean(entry, source);
            bring(path, entry, source);
            break;
        }
        case Kind::metadata:
            if (entry.live) plan_.live.emplace_back(SetMetadata{path, {entry.layer, path}, *entry.live});
            break;
        case Kind::directory: return take_directory(at);
        }
        return std::next(at);
    }

    Iterator take_directory(Iterator at) {
        const auto& [path, entry] = *at;
        const auto [begin, end] = composition_.inside(path);
        bring(path, entry, gather(path, entry, begin, end));
        return end;
    }

    /// A directory with all that is in it: as it lies in its layer, or put together from several.
    ObjectSource gather(const std::string& path, const ComposedEntry& entry, Iterator begin, Iterator end) {
        if (is_whole(entry, begin, end)) {
            clean(entry, {entry.layer, path});
            for (auto inner = begin; inner != end; ++inner)
                clean(inner->second, {inner->second.layer, inner->first});
            return {entry.layer, path};
        }
        ObjectSource staged{ObjectSource::staging, next_name()};
        stage(path, entry, begin, end, staged.path);
        return staged;
    }

    static bool is_whole(const ComposedEntry& entry, Iterator begin, Iterator end) {
        return std::all_of(begin, end, [&](const auto& inner) {
            const Kind kind = inner.second.kind;
            return inner.second.layer == entry.layer && (kind == Kind::object || kind == Kind::directory);
        });
    }

    void stage(const std::string& path, const ComposedEntry& entry, Iterator begin, Iterator end,
               const std::string& target) {
        plan_.prepare.emplace_back(StageDirectory{target, {entry.layer, path}});
        for (auto at = begin; at != end;) {
            const auto& [inner_path, inner] = *at;
            const std::string inner_target = target + inner_path.substr(path.size());
            const auto [inner_begin, inner_end] = composition_.inside(inner_path);
            switch (inner.kind) {
            case Kind::absent: break;
            case Kind::metadata: // cannot be: nothing live shows below a new directory
            case Kind::object:
                clean(inner, {inner.layer, inner_path});
                plan_.prepare.emplace_back(StageObject{{inner.layer, inner_path}, inner_target});
                break;
            case Kind::directory:
                if (is_whole(inner, inner_begin, inner_end)) {
                    plan_.prepare.emplace_back(
                        StageObject{gather(inner_path, inner, inner_begin, inner_end), inner_target});
                } else {
                    stage(inner_path, inner, inner_begin, inner_end, inner_target);
                }
                break;
            }
            at = inner.kind == Kind::directory ? inner_end : std::next(at);
        }
    }

    void bring(const std::string& path, const ComposedEntry& entry, ObjectSource from) {
        if (entry.live)
            plan_.live.emplace_back(Exchange{path, std::move(from), *entry.live});
        else
            plan_.live.emplace_back(PutNew{path, std::move(from)});
    }

    void clean(const ComposedEntry& entry, ObjectSource object) {
        if (entry.has_bookkeeping) plan_.prepare.emplace_back(CleanObject{std::move(object)});
    }

    std::string next_name() { return std::to_string(next_++); }

    const Composition& composition_;
    MergePlan plan_;
    std::size_t next_ = 0;
};

template <class... Cases> struct Overloaded : Cases... { using Cases::operator()...; };

} // namespace

const std::string& path_of(const LiveStep& step) {
    return std::visit([](const auto& one) -> const std::string& { return one.path; }, step);
}

std::string describe(const LiveStep& step) {
    const char* verb =
        std::visit(Overloaded{[](const PutNew&) { return "put"; }, [](const Exchange&) { return "replace"; },
                              [](const Remove&) { return "remove"; },
                              [](const SetMetadata&) { return "set the metadata of"; }},
                   step);
    return fmt::format("{} '{}'", verb, sys::printable("/" + path_of(step)));
}

MergePlan plan_merge(const Composition& composition) { return Planner{composition}.plan(); }

} // namespace disco::model
