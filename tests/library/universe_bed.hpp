#pragma once
// An index in memory, and live universes over it on a simulated disk.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/index/index_provider.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "live_universe.hpp"
#include "support/core/executors.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/recording_sinks.hpp"
#include "support/index/index_bed.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::library::testing {

inline std::string text_of(const Result<resolve::Solution>& solution) {
    if (!solution) return solution.error().to_string();
    std::string text;
    for (const resolve::Resolved& one : solution->packages)
        text += one.name + " " + one.candidate.version.to_string() + ", ";
    return text;
}

inline resolve::Request request_of(const std::vector<std::string>& roots) {
    resolve::Request request;
    for (const std::string& root : roots) {
        request.roots.emplace_back();
        request.roots.back().target.name = root;
    }
    return request;
}

/// Everything but the executor is the bed's: a test has the one that it is about.
struct UniverseBed {
    static constexpr const char* kPath = "/library";

    UniverseBed() { io::testing::must(io::make_directories_durably(*disk, kPath)); }

    /// One that is outgrown by more than `changed_names_max` packages; without an executor it makes
    /// what it needs itself.
    [[nodiscard]] std::unique_ptr<LiveUniverse> open(Executor* executor,
                                                     std::uint64_t changed_names_max = 3,
                                                     kv::KeyValueStore* store = nullptr) {
        UniversePlace place;
        place.path = kPath;
        place.fs = disk.get();
        place.store = store != nullptr ? store : bed.store.get();
        place.queue = &bed.queue;
        place.families = {kv::Family{0}, kv::Family{1}, kv::Family{2}, kv::Family{3}};
        place.clock = &clock;
        place.log = &log;
        place.executor = executor;
        place.versions_min = 1;
        place.changed_names_max = changed_names_max;
        return std::make_unique<LiveUniverse>(std::move(place));
    }

    void add(const std::string& name, const std::string& version, const std::string& needs = {}) {
        bed.add(R"({"name":")" + name + R"(","version":")" + version + R"(","dependencies":[)" +
                (needs.empty() ? "" : R"({"name":")" + needs + R"(","req":"*"})") + "]}");
    }
    /// Adds packages NAME0, NAME1, ...
    void add_many(const std::string& name, int count) {
        for (int i = 0; i < count; ++i) add(name + std::to_string(i), "1.0.0");
    }

    [[nodiscard]] static std::string answer(LiveUniverse& universe,
                                            const std::vector<std::string>& roots) {
        resolve::SatResolver resolver;
        return text_of(universe.resolve(resolver, request_of(roots), {}));
    }
    /// What the index says.
    [[nodiscard]] std::string expected(const std::vector<std::string>& roots) const {
        resolve::SatResolver resolver;
        index::IndexProvider provider(*bed.index, {});
        return text_of(resolver.resolve(request_of(roots), provider, {}));
    }

    [[nodiscard]] bool file_is_there() const {
        return io::testing::must(io::exists(*disk, universe_path(kPath)));
    }
    /// The universe in the file.
    [[nodiscard]] std::string file() const {
        return io::testing::must(io::read_file(*disk, universe_path(kPath), 1u << 24))
            .substr(kUniverseFileHeaderBytes);
    }
    /// The universe that is made when everything is read.
    [[nodiscard]] std::string everything() const {
        const Bytes bytes = io::testing::must(
            bed.index->freeze([](std::uint64_t, std::uint64_t) { return Result<void>(); }));
        return std::string(as_text(bytes));
    }
    void remove_manifest(std::string_view id) {
        const index::IndexEntry entry =
            io::testing::must(bed.index->find(io::testing::must(PackageId::parse(id))));
        kv::Commit commit;
        commit.batch.remove(kv::Family{0}, std::string(as_text(entry.digest.hash.bytes())));
        io::testing::must(bed.queue.submit(std::move(commit)));
    }

    index::IndexBed bed;
    std::shared_ptr<io::testing::SimulatedFileSystem> disk =
        io::testing::SimulatedFileSystem::make();
    fakes::FakeClock clock;
    fakes::RecordingLogSink log;
};

}  // namespace catalog::library::testing
