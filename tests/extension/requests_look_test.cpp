#include <gtest/gtest.h>

#include "requests_bed.hpp"

namespace catalog::extension::testing {
namespace {

/// kit in two versions, a tool that needs it, and imported metadata.
RequestsBed bed_with_packages() {
    RequestsBed bed;
    bed.publish("acme/kit", "1.0.0");
    bed.publish("acme/kit", "1.1.0");
    bed.publish("tool", "2.0.0", {"acme/kit ^1"});
    must(bed.call(
        "import_metadata",
        R"({"text":"{\"name\":\"paper\",\"version\":\"1.0.0\",\"description\":\"a small package\"}"})"));
    return bed;
}

TEST(LookRequests, ListsPagesAndNarrows) {
    const RequestsBed bed = bed_with_packages();
    EXPECT_EQ(each(must(bed.call("list_packages")), "packages", "name"), "acme/kit paper tool");
    const json::Object first = must(bed.call("catalog.list", R"({"limit":1})"));
    EXPECT_EQ(each(first, "packages", "name"), "acme/kit");
    const json::Object second =
        must(bed.call("list", text_of(json::Object{{"limit", 1}, {"cursor", first.at("cursor")}})));
    EXPECT_EQ(each(second, "packages", "name"), "paper");
    EXPECT_EQ(each(must(bed.call("list_packages", R"({"all_versions":true,"prefix":"acme/"})")),
                   "packages", "version"),
              "1.1.0 1.0.0");
    EXPECT_EQ(each(must(bed.call("list_packages", R"({"filter":{"verified_only":true}})")),
                   "packages", "name"),
              "acme/kit tool");
    EXPECT_EQ(each(must(bed.call("list_packages", R"({"license":"mit"})")), "packages", "name"),
              "acme/kit tool");
    EXPECT_EQ(
        each(must(bed.call("list_packages", R"({"asset_type":"model"})")), "packages", "name"), "");
}

TEST(LookRequests, YankedVersionsAreListedOnRequest) {
    const RequestsBed bed = bed_with_packages();
    must(bed.call("change_state", R"({"id":"tool@2.0.0","event":"yank","reason":"broken"})"));
    EXPECT_EQ(each(must(bed.call("list_packages", R"({"prefix":"tool"})")), "packages", "name"),
              "");
    EXPECT_EQ(each(must(bed.call("list_packages", R"({"prefix":"tool","yanked":true})")),
                   "packages", "name"),
              "tool");
}

TEST(LookRequests, GetsAPackageByNameIdOrRequirement) {
    const RequestsBed bed = bed_with_packages();
    EXPECT_EQ(member(must(bed.call("get_package", R"({"id":"acme/kit"})")), "version"),
              R"("1.1.0")");
    EXPECT_EQ(
        member(must(bed.call("get_package", R"({"package_id":"acme/kit@1.0.0"})")), "version"),
        R"("1.0.0")");
    EXPECT_EQ(member(must(bed.call("get_package", R"({"id":"acme/kit","requirement":"<1.1"})")),
                     "version"),
              R"("1.0.0")");
    const json::Object answer = must(bed.call("get_package", R"({"id":"tool","files":true})"));
    EXPECT_EQ(member(answer, "versions"), R"(["2.0.0"])");
    EXPECT_EQ(each(answer, "file_table", "path"), "readme.txt");
    EXPECT_EQ(*answer.at("metadata").find("license")->as_string(), "MIT");
    EXPECT_EQ(code_of(bed.call("get_package", R"({"id":"toll"})")), Errc::kPackageNotFound);
    EXPECT_EQ(code_of(bed.call("get_package", R"({"id":"tool@9.0.0"})")), Errc::kPackageNotFound);
    EXPECT_EQ(code_of(bed.call("get_package", R"({"id":"tool","requirement":"^9"})")),
              Errc::kVersionConflict);
}

TEST(LookRequests, SearchesSortsAndCutsTheHits) {
    const RequestsBed bed = bed_with_packages();
    EXPECT_EQ(each(must(bed.call("search_packages", R"({"words":"kit"})")), "hits", "name"),
              "acme/kit");
    const auto names = [&](const std::string& params) {
        return each(must(bed.call("search_packages", params)), "hits", "name");
    };
    EXPECT_EQ(names(R"({"query":"small","sort_by":"name"})"), "acme/kit paper tool");
    EXPECT_EQ(names(R"({"query":"small","sort_by":"name","order":"desc"})"), "tool paper acme/kit");
    EXPECT_EQ(names(R"({"query":"small","sort_by":"name","offset":1,"limit":1})"), "paper");
    EXPECT_EQ(names(R"({"query":"small","options":{"sort_by":"name","offset":7}})"), "");
    EXPECT_EQ(names(R"({"query":"small","sort_by":"name","verified_only":true})"), "acme/kit tool");
    EXPECT_EQ(names(R"({"query":"small","sort_by":"size","order":"asc","limit":1})"), "paper");
    EXPECT_EQ(names(R"({"query":"nothing"})"), "");
    // By relevance the order is the library's, and ascending is its mirror image.
    const std::string best_first = names(R"({"words":"small"})");
    EXPECT_EQ(names(R"({"words":"small","order":"desc"})"), best_first);
    EXPECT_NE(names(R"({"words":"small","order":"asc"})"), best_first);
    const json::Object by_time =
        must(bed.call("search_packages", R"({"words":"small","sort_by":"published"})"));
    std::int64_t last = std::numeric_limits<std::int64_t>::max();
    for (const json::Value& hit : *by_time.at("hits").as_array()) {
        EXPECT_LE(*hit.find("published_us")->as_int(), last);
        last = *hit.find("published_us")->as_int();
    }
}

TEST(LookRequests, TellsVersionsDependenciesAndDependents) {
    const RequestsBed bed = bed_with_packages();
    const json::Object versions = must(bed.call("versions", R"({"name":"acme/kit"})"));
    EXPECT_EQ(each(versions, "versions", "version"), "1.1.0 1.0.0");
    EXPECT_EQ(member(must(bed.call("versions", R"({"name":"nobody"})")), "versions"), "[]");
    const json::Object deps = must(bed.call("deps", R"({"id":"tool"})"));
    EXPECT_EQ(member(deps, "id"), R"("tool@2.0.0")");
    EXPECT_EQ(each(deps, "dependencies", "name"), "acme/kit");
    const json::Object dependents = must(bed.call("dependents", R"({"name":"acme/kit"})"));
    EXPECT_EQ(each(dependents, "dependents", "id"), "tool@2.0.0");
}

TEST(LookRequests, GoesOnByCursorAndCounts) {
    const RequestsBed bed = bed_with_packages();
    std::string names;
    std::string cursor;
    do {
        const json::Object page = must(
            bed.call("search_packages",
                     R"({"words":"small","limit":1,"count":true,"cursor":")" + cursor + R"("})"));
        EXPECT_EQ(member(page, "total"), "3");
        names += each(page, "hits", "name") + " ";
        cursor = *page.at("cursor").as_string();
    } while (!cursor.empty() && names.size() < 100);
    EXPECT_EQ(
        names,
        each(must(bed.call("search_packages", R"({"words":"small"})")), "hits", "name") + " ");
    const json::Object first = must(bed.call("search_packages", R"({"words":"small","limit":1})"));
    const std::string next = *first.at("cursor").as_string();
    EXPECT_EQ(code_of(bed.call("search_packages",
                               R"({"words":"small","offset":1,"cursor":")" + next + R"("})")),
              Errc::kInvalidArgument);
    EXPECT_EQ(code_of(bed.call("search_packages", R"({"words":"kit","cursor":")" + next + R"("})")),
              Errc::kQueryInvalid);
    EXPECT_EQ(code_of(bed.call("search_packages", R"({"words":"kit","facets":["size"]})")),
              Errc::kQueryInvalid);
}

TEST(LookRequests, SuggestsNearNamesAndAllDependents) {
    const RequestsBed bed = bed_with_packages();
    EXPECT_EQ(member(must(bed.call("suggest", R"({"name":"tolo"})")), "names"), R"(["tool"])");
    EXPECT_EQ(member(must(bed.call("search_packages", R"({"words":"tolo"})")), "suggestions"),
              R"(["tool"])");
    const json::Object all =
        must(bed.call("dependents", R"({"name":"acme/kit","transitive":true})"));
    EXPECT_EQ(each(all, "dependents", "id"), "tool@2.0.0");
    EXPECT_EQ(member(all, "truncated"), "false");
}

TEST(LookRequests, CompletesNames) {
    const RequestsBed bed = bed_with_packages();
    EXPECT_EQ(member(must(bed.call("complete", R"({"prefix":"to"})")), "names"), R"(["tool"])");
    EXPECT_EQ(member(must(bed.call("complete", R"({"prefix":"","limit":2})")), "names"),
              R"(["acme/kit","paper"])");
}

TEST(LookRequests, SaysWhatTheLibraryIsAndHolds) {
    const RequestsBed bed = bed_with_packages();
    EXPECT_EQ(member(must(bed.call("info")), "path"), R"("/data/library")");
    const json::Object stats = must(bed.call("catalog.stats"));
    EXPECT_EQ(member(stats, "versions"), "4");
    EXPECT_EQ(member(stats, "imported"), "1");
}

}  // namespace
}  // namespace catalog::extension::testing
