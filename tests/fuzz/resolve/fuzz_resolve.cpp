// Bytes make a small world; both resolvers, whichever engine is used, must agree with exhaustive
// search on it.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "support/resolve/agreement.hpp"

namespace {

using namespace catalog::resolve;

void require_nothing(const std::string& wrong, const testing::World& world) {
    if (wrong.empty()) return;
    std::fprintf(stderr, "%s\n%s\n", wrong.c_str(), world.to_text().c_str());
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::size_t used = 0;
    // Two bytes a draw; an input that has run out draws the first choice everywhere.
    const auto draw = [&](std::uint32_t below) -> std::uint32_t {
        std::uint32_t value = 0;
        for (int i = 0; i < 2 && used < size; ++i) value = value << 8 | data[used++];
        return value % below;
    };
    testing::WorldShape shape;
    shape.names_max = 5;
    testing::World world = testing::make_world(shape, draw);

    testing::Tally tally;
    const auto expected = testing::solve_by_brute_force(world.repo.entries(), world.request);
    for (const Engine engine : {Engine::kAutomatic, Engine::kDomains, Engine::kBoolean}) {
        SatOptions options;
        options.engine = engine;
        SatResolver sat(catalog::make_system_clock(), options);
        const auto answer =
            sat.resolve(world.request, world.repo.provider(), catalog::CallContext());
        require_nothing(testing::disagreement(answer, expected, world, tally), world);
    }

    GraphResolver graph;
    const auto walked = graph.resolve(world.request, world.repo.provider(), catalog::CallContext());
    if (walked) {
        require_nothing(testing::check_text(world.request, world.repo.provider(), *walked), world);
    }
    return 0;
}
