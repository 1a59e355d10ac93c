#include "support/resolve/random_world.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace catalog::resolve::testing {

namespace {

const std::vector<std::string>& version_pool() {
    static const std::vector<std::string> pool{"1.0.0", "1.1.0",      "2.0.0", "0.1.0",
                                               "2.1.0", "2.0.0-rc.1", "1.2.0", "3.0.0-beta.2"};
    return pool;
}

class WorldMaker {
public:
    WorldMaker(const WorldShape& shape, const std::function<std::uint32_t(std::uint32_t)>& draw)
        : shape_(shape), draw_(draw) {}

    World make() {
        World world;
        ease_ = 40 * draw_(3);
        names_ = 1 + static_cast<int>(draw_(static_cast<std::uint32_t>(shape_.names_max)));
        for (int n = 0; n < names_; ++n) add_versions(world.repo, name(n));
        fill(world.request);
        return world;
    }

private:
    bool chance(std::uint32_t percent) { return draw_(100) < percent; }

    static std::string name(int n) { return std::string(1, static_cast<char>('a' + n)); }

    std::string any_name() {
        if (shape_.virtuals && chance(12)) return chance(50) ? "v" : "w";
        return name(static_cast<int>(draw_(static_cast<std::uint32_t>(names_))));
    }

    std::string any_version() {
        const std::uint32_t count = shape_.oddities ? 8 : 5;
        return version_pool()[draw_(count)];
    }

    Target any_target() {
        static const char* const kRanges[] = {"*",     "*",    "^1",        "^2",
                                              ">=1.1", "<2",   "<=1.0.0",   ">=1 & <2.1",
                                              "~1.0",  "^0.1", "^2.0.0-rc", ">=2"};
        Target result;
        result.name = any_name();
        std::string text = chance(ease_) ? "*" : kRanges[draw_(12)];
        if (chance(10)) text = "=" + any_version();
        if (shape_.oddities && chance(4)) text = "latest";
        if (shape_.oddities && chance(3)) text = "git+https://example.org/r#m";
        return target(result.name + " " + text);
    }

    std::string any_feature() { return std::string(1, static_cast<char>('p' + draw_(3))); }

    Requirement any_requirement() {
        Requirement r;
        r.target = any_target();
        if (shape_.any_of && chance(18)) {
            r.any_of.push_back(any_target());
            if (chance(30)) r.any_of.push_back(any_target());
        }
        if (shape_.kinds && chance(35)) {
            static constexpr DependencyKind kKinds[] = {
                DependencyKind::kOptional, DependencyKind::kOptional,    DependencyKind::kPeer,
                DependencyKind::kPeer,     DependencyKind::kDevelopment, DependencyKind::kBuild};
            r.kind = kKinds[draw_(6)];
        }
        if (shape_.features && chance(15)) r.features.push_back(any_feature());
        if (shape_.features && chance(15)) r.default_features = false;
        if (shape_.oddities && chance(6)) {
            r.platform = *PlatformPredicate::parse(chance(50) ? "linux-*" : "windows-*");
        }
        return r;
    }

    void add_versions(Repo& repo, const std::string& name) {
        std::vector<std::string> used;
        const auto most = static_cast<std::uint32_t>(shape_.versions_max);
        const auto count = std::max(1 + draw_(most), 1 + draw_(most));
        for (std::uint32_t i = 0; i < count; ++i) {
            RepoEntry entry;
            entry.name = name;
            std::string text = any_version();
            if (shape_.oddities && chance(6)) {
                entry.candidate.source_id = "git+https://example.org/r#m";
            }
            entry.candidate.version = ver(text);
            entry.candidate.yanked = shape_.oddities && chance(8);
            text += entry.candidate.source_id;
            if (std::find(used.begin(), used.end(), text) != used.end()) continue;
            used.push_back(text);
            fill(entry.record);
            repo.add(std::move(entry));
        }
    }

    void fill(PackageRecord& record) {
        const auto count = draw_(static_cast<std::uint32_t>(shape_.dependencies_max) + 1);
        for (std::uint32_t i = 0; i < count; ++i) {
            record.dependencies.push_back(any_requirement());
        }
        if (shape_.conflicts && chance(15)) record.conflicts.push_back(any_target());
        if (shape_.virtuals && chance(15)) {
            record.provides.push_back(
                {chance(80) ? (chance(50) ? "v" : "w") : any_name(), ver(any_version())});
        }
        if (!shape_.features) return;
        for (const char* const feature : {"default", "p", "q", "r"}) {
            if (!chance(30)) continue;
            std::vector<std::string>& items = record.features[feature];
            const auto wanted = draw_(3);
            for (std::uint32_t i = 0; i < wanted; ++i) items.push_back(any_item(record));
        }
    }

    std::string any_item(const PackageRecord& record) {
        if (record.dependencies.empty() || chance(25)) return any_feature();
        const auto at = draw_(static_cast<std::uint32_t>(record.dependencies.size()));
        const std::string& name = record.dependencies[at].target.name;
        switch (draw_(4)) {
            case 0:
                return name + "/" + any_feature();
            case 1:
                return name + "?/" + any_feature();
            default:
                return "dep:" + name;
        }
    }

    void fill(Request& request) {
        request = ask("");
        const auto roots = 1 + draw_(3);
        for (std::uint32_t i = 0; i < roots; ++i) {
            Root root;
            root.target = any_target();
            if (shape_.features && chance(15)) root.features.push_back(any_feature());
            if (shape_.features && chance(10)) root.default_features = false;
            request.roots.push_back(std::move(root));
        }
        if (shape_.per_major && chance(35)) request.policy = VersionPolicy::kPerMajor;
        if (chance(20)) request.preference = Preference::kMinimal;
        if (shape_.kinds) {
            if (chance(30)) request.host_provides.push_back({any_name(), ver(any_version())});
            if (chance(15)) request.optional.push_back(any_name());
            request.development = chance(20);
            request.build = chance(20);
        }
        if (!shape_.oddities) return;
        request.include_prereleases = chance(12);
        for (int i = 0; i < 3; ++i) {
            if (!chance(25)) continue;
            const bool git = chance(10);
            request.locked.push_back(
                {any_name(), ver(any_version()), git ? "git+https://example.org/r#m" : ""});
        }
        if (chance(15)) request.constraints.push_back(any_target());
    }

    const WorldShape& shape_;
    const std::function<std::uint32_t(std::uint32_t)>& draw_;
    std::uint32_t ease_ = 0;  ///< Percentage of ranges that allow everything.
    int names_ = 1;
};

}  // namespace

std::string World::to_text() const { return repo.to_text() + testing::to_text(request); }

World make_world(const WorldShape& shape, const std::function<std::uint32_t(std::uint32_t)>& draw) {
    return WorldMaker(shape, draw).make();
}

World make_world(const WorldShape& shape, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    return make_world(
        shape, [&](std::uint32_t below) { return static_cast<std::uint32_t>(random() % below); });
}

}  // namespace catalog::resolve::testing
