// The stores of resolved answers against their contract.

#include "support/resolve/fake_solution_cache.hpp"
#include "support/resolve/solution_cache_contract.hpp"

namespace catalog::resolve::testing {
namespace {

struct MemoryStore {
    static std::shared_ptr<SolutionCache> make() {
        return std::make_shared<MemorySolutionCache>(200, std::size_t{1} << 20);
    }
};

struct FakeStore {
    static std::shared_ptr<SolutionCache> make() { return std::make_shared<FakeSolutionCache>(); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, SolutionCacheContract, MemoryStore);
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, SolutionCacheContract, FakeStore);

}  // namespace
}  // namespace catalog::resolve::testing
