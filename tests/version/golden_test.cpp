// Ranges against the answers of the programs that own the dialects, recorded by the scripts beside
// the files.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catalog/version/version_req.hpp"

namespace catalog::version {
namespace {

struct Tally {
    std::size_t matches = 0;
    std::size_t refusals = 0;
};

Tally check_file(const std::string& name, Dialect dialect) {
    std::ifstream file(std::string(CATALOG_GOLDEN_DIR) + "/version/" + name);
    std::string text;
    std::getline(file, text);
    EXPECT_TRUE(nlohmann::json::parse(text).contains("source"));
    Tally tally;
    while (std::getline(file, text)) {
        const auto line = nlohmann::json::parse(text);
        const std::string range = line.at("range");
        const Result<VersionReq> parsed = VersionReq::parse(range, dialect);
        EXPECT_EQ(parsed.has_value(), line.value("valid", true)) << range;
        if (!parsed) {
            ++tally.refusals;
            continue;
        }
        if (!line.contains("version")) continue;
        const std::string version = line.at("version");
        const auto rule = line.value("include_prerelease", false) ? PrereleaseRule::kInclude
                                                                  : PrereleaseRule::kDialect;
        EXPECT_EQ(parsed->matches(SemVer::parse(version).value(), rule), line.at("expected"))
            << text;
        ++tally.matches;
    }
    return tally;
}

TEST(GoldenRanges, NpmAnswersAsNodeSemverDoes) {
    const Tally tally = check_file("npm_ranges.jsonl", Dialect::kNpm);
    EXPECT_GE(tally.matches, 4000u);
    EXPECT_GE(tally.refusals, 100u);
}

TEST(GoldenRanges, CargoAnswersAsCargoDoes) {
    const Tally tally = check_file("cargo_ranges.jsonl", Dialect::kCargo);
    EXPECT_GE(tally.matches, 590u);
    EXPECT_GE(tally.refusals, 40u);
}

}  // namespace
}  // namespace catalog::version
