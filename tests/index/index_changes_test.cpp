// What changed since a state, and the frozen form of an index.

#include "catalog/index/index_changes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/index/index_provider.hpp"
#include "catalog/resolve/universe.hpp"
#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::must;

std::optional<IndexDelta> since(const IndexBed& bed, const IndexState& state,
                                std::uint64_t changes_max = 100) {
    return must(bed.index->changes_since(state, changes_max));
}

void change_by_other_means(IndexBed& bed) {
    kv::Commit commit;
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) {
        return bed.index->stage_break(view, batch);
    };
    must(bed.queue.submit(std::move(commit)));
}

std::uint64_t forget(IndexBed& bed, const IndexState& state) {
    kv::Commit commit;
    const std::uint64_t forgotten = must(bed.index->stage_forget(commit.batch, state));
    if (forgotten > 0) must(bed.queue.submit(std::move(commit)));
    return forgotten;
}

TEST(IndexChanges, NamesWhatWasAddedAndChangedSinceAState) {
    IndexBed bed;
    const IndexState empty = must(bed.index->state());
    EXPECT_EQ(empty, IndexState());
    bed.add(R"({"name":"b","version":"1.0.0","provides":[{"name":"v","version":"1.0.0"}]})");
    bed.add(R"({"name":"a","version":"1.0.0"})");
    const IndexState two = must(bed.index->state());
    EXPECT_EQ(two.sequence, 2u);
    bed.change("b@1.0.0", std::nullopt, true);
    bed.add(R"({"name":"b","version":"2.0.0"})");

    const auto all = since(bed, empty);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->names, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(all->virtual_names, std::vector<std::string>{"v"});
    EXPECT_EQ(all->to, must(bed.index->state()));
    const auto later = since(bed, two);
    ASSERT_TRUE(later);
    EXPECT_EQ(later->names, std::vector<std::string>{"b"});
    EXPECT_TRUE(later->virtual_names.empty());
    const auto none = since(bed, later->to);
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->names.empty());
}

TEST(IndexChanges, ARefusedAdditionIsNone) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0"})");
    const IndexState state = must(bed.index->state());
    EXPECT_FALSE(bed.try_add(R"({"name":"a","version":"1.0.0","license":"MIT"})"));
    EXPECT_EQ(must(bed.index->state()), state);
}

TEST(IndexChanges, OfAnotherCourseOfThingsAreNotKnown) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0"})");
    bed.add(R"({"name":"c","version":"1.0.0"})");
    IndexBed other;
    other.add(R"({"name":"b","version":"1.0.0"})");
    EXPECT_FALSE(since(bed, must(other.index->state()))) << "as many changes, but others";
    IndexState ahead = must(bed.index->state());
    ++ahead.sequence;
    EXPECT_FALSE(since(bed, ahead)) << "a state that is still to come";
    IndexState changed = must(bed.index->state());
    changed.chain[3] ^= std::byte{1};
    EXPECT_FALSE(since(bed, changed));
}

TEST(IndexChanges, MoreThanWasAskedForAreNotTold) {
    IndexBed bed;
    for (const char* version : {"1.0.0", "1.1.0", "1.2.0"})
        bed.add(R"({"name":"a","version":")" + std::string(version) + "\"}");
    EXPECT_TRUE(since(bed, IndexState(), 3));
    EXPECT_FALSE(since(bed, IndexState(), 2));
}

TEST(IndexChanges, ABreakEndsWhatIsKnown) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0"})");
    const IndexState before = must(bed.index->state());
    change_by_other_means(bed);
    EXPECT_FALSE(since(bed, before));
    const IndexState after = must(bed.index->state());
    EXPECT_TRUE(since(bed, after));
    bed.add(R"({"name":"b","version":"1.0.0"})");
    const auto delta = since(bed, after);
    ASSERT_TRUE(delta);
    EXPECT_EQ(delta->names, std::vector<std::string>{"b"});
}

TEST(IndexChanges, WhatIsForgottenIsNotKnownAnyMore) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0"})");
    const IndexState one = must(bed.index->state());
    bed.add(R"({"name":"b","version":"1.0.0"})");
    const IndexState two = must(bed.index->state());
    bed.add(R"({"name":"c","version":"1.0.0"})");
    EXPECT_EQ(forget(bed, two), 2u);
    EXPECT_EQ(forget(bed, two), 0u);
    EXPECT_FALSE(since(bed, IndexState()));
    EXPECT_FALSE(since(bed, one));
    const auto delta = since(bed, two);
    ASSERT_TRUE(delta);
    EXPECT_EQ(delta->names, std::vector<std::string>{"c"});
}

TEST(IndexChanges, AreNotNotedWithoutAFamily) {
    const auto store = kv::make_memory_store(3);
    const PackageIndex index(*store,
                             IndexFamilies{kv::Family{0}, kv::Family{1}, kv::Family{2}, {}});
    EXPECT_EQ(must(index.state()), IndexState());
    EXPECT_FALSE(must(index.changes_since(IndexState(), 10)));
}

/// All that a provider says of some names, as text.
std::string whole(resolve::DependencyProvider& provider) {
    std::string text;
    for (const char* name : {"a", "b", "c", "v"}) {
        auto candidates = must(provider.versions(name));
        std::ranges::sort(candidates, {}, &resolve::Candidate::version);
        for (const resolve::Candidate& candidate : candidates) {
            const resolve::PackageRecord record = must(provider.record(name, candidate));
            text += std::string(name) + " " + candidate.version.to_string() +
                    (candidate.yanked ? " yanked" : "");
            for (const resolve::Requirement& one : record.dependencies)
                text += " needs " + one.target.name + " " + one.target.constraint.to_string();
            for (const resolve::Provided& one : record.provides) text += " provides " + one.name;
            text += "\n";
        }
        for (const resolve::VirtualProvider& one : must(provider.providers(name)))
            text += std::string(name) + " by " + one.package + "\n";
    }
    return text;
}

resolve::FrozenUniverse frozen_of(const IndexBed& bed) {
    const auto bytes = std::make_shared<Bytes>(
        must(bed.index->freeze([](std::uint64_t, std::uint64_t) { return Result<void>(); })));
    return must(resolve::FrozenUniverse::open(ByteView(*bytes), bytes));
}

TEST(FrozenIndex, HoldsWhatAProviderLists) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0","dependencies":[{"name":"b","req":"^1"}]})");
    bed.add(R"({"name":"a","version":"1.1.0","dependencies":[{"name":"v","req":"*"}]})");
    bed.add(R"({"name":"b","version":"1.0.0","provides":[{"name":"v","version":"1.0.0"}]})");
    bed.add(R"({"name":"b","version":"2.0.0"})");
    bed.add(R"({"name":"c","version":"1.0.0"})");
    bed.change("a@1.1.0", std::nullopt, true);
    bed.change("b@2.0.0", package::PackageState::kArchived, std::nullopt);
    bed.change("c@1.0.0", package::PackageState::kDeprecated, std::nullopt);
    IndexProvider live(*bed.index, {});
    resolve::UniverseProvider frozen(frozen_of(bed));
    EXPECT_EQ(whole(frozen), whole(live));
    EXPECT_EQ(frozen_of(bed).version_count(), 4u) << "the archived one is not listed";
}

TEST(FrozenIndex, ReportsProgressAndEndsWithWhatThatReturns) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0"})");
    bed.add(R"({"name":"b","version":"1.0.0"})");
    std::uint64_t total = 0;
    const auto stopped = bed.index->freeze([&](std::uint64_t, std::uint64_t all) -> Result<void> {
        total = all;
        return fail(Errc::kCancelled, "stop");
    });
    EXPECT_EQ(total, 2u);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code(), Errc::kCancelled);
}

TEST(FrozenIndex, OfAnEntryWithoutManifestIsNone) {
    IndexBed bed;
    const IndexEntry entry = bed.add(R"({"name":"a","version":"1.0.0"})");
    bed.add(R"({"name":"b","version":"1.0.0"})");
    kv::Commit commit;
    commit.batch.remove(kv::Family{0}, std::string(as_text(entry.digest.hash.bytes())));
    must(bed.queue.submit(std::move(commit)));
    const auto frozen =
        bed.index->freeze([](std::uint64_t, std::uint64_t) { return Result<void>(); });
    ASSERT_FALSE(frozen);
    EXPECT_EQ(frozen.error().code(), Errc::kIndexCorrupted);
}

TEST(FrozenIndex, PassesOverManifestsOfPackagesThatWait) {
    IndexBed bed;
    bed.add(R"({"name":"a","version":"1.0.0"})");
    kv::Commit commit;
    commit.batch.put(kv::Family{0}, std::string(32, '\0'), "of a package that waits");
    commit.batch.put(kv::Family{0}, std::string(32, '\xff'), "of another");
    must(bed.queue.submit(std::move(commit)));
    EXPECT_EQ(frozen_of(bed).version_count(), 1u);
}

}  // namespace
}  // namespace catalog::index
