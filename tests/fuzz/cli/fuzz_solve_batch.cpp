// Any line of `catalog solve --batch` is answered; an answer that says "sat" is valid.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/core/clock.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "catalog/resolve/check.hpp"
#include "catalog/resolve/provider.hpp"
#include "solve_batch.hpp"

namespace {

namespace resolve = catalog::resolve;
namespace version = catalog::version;

void add(resolve::MemoryProvider& provider, std::string name, std::string_view number,
         const std::vector<std::pair<std::string, std::string_view>>& needs) {
    resolve::PackageRecord record;
    for (const auto& [target, requirement] : needs) {
        resolve::Requirement dependency;
        dependency.target = {
            target, *version::VersionConstraint::parse(requirement, version::Dialect::kCargo)};
        record.dependencies.push_back(std::move(dependency));
    }
    if (!provider.add(std::move(name), {*version::SemVer::parse(number), false, ""},
                      std::move(record)))
        std::abort();
}

void fill(resolve::MemoryProvider& provider) {
    add(provider, "a", "1.0.0", {{"b", "^1"}});
    add(provider, "a", "2.0.0", {{"b", "^2"}, {"c", "*"}});
    add(provider, "b", "1.0.0", {});
    add(provider, "b", "1.1.0", {{"c", "<2"}});
    add(provider, "b", "2.0.0-rc.1", {{"a", "*"}});
    add(provider, "c", "1.0.0", {{"a", "^1"}});
    add(provider, "c", "2.0.0", {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    resolve::MemoryProvider provider;
    fill(provider);
    catalog::cli::SolveAnswerer answerer(provider, catalog::library::Solver::kSat, {},
                                         catalog::make_system_clock(), {});
    const auto value = catalog::json::read(line);
    const catalog::json::Object answer = answerer.answer(value);
    const auto status = answer.find("status");
    if (status == answer.end() || status->second.as_string() == nullptr || !answer.contains("id"))
        std::abort();
    if (!catalog::json::read(catalog::json::write_canonical(answer))) std::abort();
    if (*status->second.as_string() != "sat") return 0;
    const auto request = catalog::cli::read_solve_request(*value->as_object());
    const auto solution = answerer.resolve(*request);
    if (!solution) std::abort();
    const auto problems = resolve::check_solution(*request, provider, *solution);
    if (!problems || !problems->empty()) std::abort();
    return 0;
}
