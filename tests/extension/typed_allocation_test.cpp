// What the hot path costs: nothing that allocates. Alone in its program, because it replaces
// operator new.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "support/library/library_bed.hpp"
#include "typed_bed.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// Not inlined: the compiler would see free() meet operator new, and not that they belong together.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace catalog::extension::testing {
namespace {

using io::testing::must;
using library::testing::small_draft;

TEST(TypedAllocation, APackageThatWasLookedAtBeforeCostsNone) {
    TypedBed bed;
    for (int i = 0; i < 10; ++i)
        must(bed.library().publish(
            small_draft("a/package/with/a/long/name/" + std::to_string(i), "1.0.0")));
    hmx_call call{};
    call.struct_size = sizeof call;
    call.deadline = monotonic_now_ns() + 60'000'000'000;
    std::vector<std::string> ids;
    for (int i = 0; i < 10; ++i) ids.push_back("a/package/with/a/long/name/" + std::to_string(i));
    const auto get_all = [&] {
        int found = 0;
        for (const std::string& id : ids) {
            cat_package package = fresh_package();
            if (bed->get_package(bed.instance(), &call, str(id), str("^1"), &package, nullptr) !=
                HMX_OK)
                continue;
            package.release(package.owner);
            ++found;
        }
        return found;
    };
    const std::uint64_t cold = allocations.load();
    EXPECT_EQ(get_all(), 10);
    EXPECT_GT(allocations.load(), cold);
    const std::uint64_t warm = allocations.load();
    int found = 0;
    for (int round = 0; round < 100; ++round) found += get_all();
    const std::uint64_t after = allocations.load();
    EXPECT_EQ(found, 1'000);
    EXPECT_EQ(after - warm, 0u);
}

}  // namespace
}  // namespace catalog::extension::testing
