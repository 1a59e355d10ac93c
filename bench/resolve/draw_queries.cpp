// Draws requests over a package list of which most can be met, however many roots they have.
//
//   bench_draw_queries PACKAGES.jsonl UNIVERSE OUT.jsonl [ROOTS] [COUNT] [SEED]
//
// Any version of ROOTS (20) random packages each. In seven of ten requests a package that those
// before it leave no room for is drawn again; the others are left as they fall.

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "catalog/resolve/universe_resolver.hpp"
#include "registry.hpp"
#include "universe_file.hpp"

namespace catalog::bench {
namespace {

constexpr unsigned kRedrawnInTen = 7;

int draw(const std::vector<std::string>& arguments) {
    const auto number = [&](std::size_t i, unsigned otherwise) {
        return i < arguments.size() ? static_cast<unsigned>(std::atoi(arguments[i].c_str()))
                                    : otherwise;
    };
    const unsigned roots = number(3, 20);
    const unsigned count = number(4, 200);
    std::mt19937 random(number(5, 1));
    const auto universe = open_universe(arguments[0], arguments[1]);
    const auto registry = Registry::load(arguments[0]);
    std::FILE* out = std::fopen(arguments[2].c_str(), "w");
    if (!universe || !registry || out == nullptr) return 3;
    resolve::SatOptions how;
    how.explain = false;
    resolve::UniverseResolver resolver(*universe, make_system_clock(), how);
    const auto any = version::VersionConstraint::parse("*", version::Dialect::kCargo);
    for (unsigned k = 0; k < count; ++k) {
        resolve::Request request;
        const bool redraw = k % 10 < kRedrawnInTen;
        while (request.roots.size() < roots) {
            const std::string& name = registry->names()[random() % registry->names().size()];
            request.roots.push_back({{name, *any}, {}, true});
            if (redraw && !resolver.resolve(request, CallContext())) request.roots.pop_back();
        }
        std::fprintf(out, "{\"id\": \"m%u-%u\", \"require\": [", roots, k);
        for (std::size_t i = 0; i < request.roots.size(); ++i) {
            std::fprintf(out, "%s{\"name\": \"%s\", \"req\": \"*\"}", i == 0 ? "" : ", ",
                         request.roots[i].target.name.c_str());
        }
        std::fprintf(out, "]}\n");
    }
    return std::fclose(out) == 0 ? 0 : 4;
}

}  // namespace
}  // namespace catalog::bench

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr,
                     "usage: bench_draw_queries PACKAGES.jsonl UNIVERSE OUT.jsonl [ROOTS] [COUNT] "
                     "[SEED]\n");
        return 2;
    }
    return catalog::bench::draw(std::vector<std::string>(argv + 1, argv + argc));
}
