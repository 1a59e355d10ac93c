// What reading and matching cost on the common path: nothing that allocates. Alone in its program,
// because it replaces operator new.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

#include "catalog/version/version_history.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// Not inlined: the compiler would see free() meet operator new, and not that they belong together.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
    throw std::bad_alloc();
}
// The forms for arrays too: a sanitizer's own do not come by the one above.
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return operator new(bytes); }
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block, std::size_t) noexcept { std::free(block); }

namespace catalog::version {
namespace {

/// Allocations of `run`.
template <class Run>
std::uint64_t allocations_of(Run run) {
    const std::uint64_t before = allocations.load();
    run();
    return allocations.load() - before;
}

TEST(VersionAllocation, CommonVersionsAreReadWithout) {
    for (const char* text : {"1.2.3", "0.4.17", "18446744.30001.987654321", "1.0.0-rc.1",
                             "1.2.3-beta.11+exp.5114", "4.0.0+20240917"}) {
        bool ok = false;
        EXPECT_EQ(allocations_of([&] {
                      const Result<SemVer> version = SemVer::parse(text);
                      const SemVer copy = *version;
                      ok = version.has_value() && copy == *version;
                  }),
                  0u)
            << text;
        EXPECT_TRUE(ok) << text;
    }
}

TEST(VersionAllocation, LongIdentifiersTakeOneBlock) {
    EXPECT_EQ(allocations_of([] {
                  ASSERT_TRUE(SemVer::parse("0.0.0-experimental-7aa5dda3b-20241114").has_value());
              }),
              1u);
}

TEST(VersionAllocation, CommonRangesAreReadAndMatchedWithout) {
    const SemVer version(1, 2, 3);
    for (const Dialect dialect : {Dialect::kCargo, Dialect::kNpm}) {
        for (const char* text : {"^1.2.3", "~1.2.3", "1.2.3", "=1.2.3", ">=1.2.3", "<2.0.0", "*",
                                 "^1.2", "~1", "1.2", "1.*", "1.2.x", "<=2.1"}) {
            bool ok = false;
            EXPECT_EQ(allocations_of([&] {
                          const Result<VersionReq> req = VersionReq::parse(text, dialect);
                          ok = req && req->matches(version) &&
                               req->matches(version, PrereleaseRule::kInclude);
                      }),
                      0u)
                << text;
            EXPECT_TRUE(ok) << text;
        }
    }
}

TEST(VersionAllocation, AlternativesAreReadAndMatchedWithout) {
    for (const char* text :
         {"^7.0.0||^8.0.0", "1.x || 2.x", "1 || 3 || 5", "1.2.3 || ^2", ">=1 <2||3"}) {
        const std::string_view range = text;
        bool ok = false;
        EXPECT_EQ(allocations_of([&] {
                      const Result<VersionReq> req = VersionReq::parse(range, Dialect::kNpm);
                      const VersionSet copy = req->set();
                      ok = req && !req->matches(SemVer(9, 0, 0)) && copy == req->set() &&
                           !req->matches(SemVer(9, 0, 0), PrereleaseRule::kInclude);
                  }),
                  0u)
            << text;
        EXPECT_TRUE(ok) << text;
    }
}

TEST(VersionAllocation, SetsOfFewIntervalsAreCombinedWithout) {
    const VersionSet ones = VersionReq::parse("^1.2.0", Dialect::kNpm)->set();
    const VersionSet twos = VersionReq::parse(">=1.9.0 <3.0.0", Dialect::kNpm)->set();
    EXPECT_EQ(allocations_of([&] {
                  EXPECT_FALSE(ones.intersected_with(twos).is_empty());
                  EXPECT_FALSE(ones.united_with(twos).complement().is_empty());
                  EXPECT_FALSE(ones.minus(twos).is_subset_of(twos));
              }),
              0u);
}

TEST(VersionAllocation, RanksAreAskedWithout) {
    VersionHistory history;
    for (std::uint64_t patch = 0; patch < 200; ++patch) {
        VersionHistory::Entry entry;
        entry.version = SemVer(1, 0, patch);
        ASSERT_TRUE(history.add(entry).has_value());
    }
    const RankSet ranks = history.matching(VersionReq::parse("<1.0.70", Dialect::kCargo).value());
    std::uint32_t found = 0;
    EXPECT_EQ(allocations_of([&] {
                  for (std::uint32_t rank = 0; rank < 300; ++rank) found += ranks.contains(rank);
              }),
              0u);
    EXPECT_EQ(found, 70u);
}

}  // namespace
}  // namespace catalog::version
