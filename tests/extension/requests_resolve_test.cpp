#include <gtest/gtest.h>

#include "requests_bed.hpp"

namespace catalog::extension::testing {
namespace {

RequestsBed bed_with_conflict() {
    RequestsBed bed;
    bed.publish("base", "1.0.0");
    bed.publish("base", "1.1.0");
    bed.publish("base", "2.0.0");
    bed.publish("old", "1.0.0", {"base ^1"});
    bed.publish("new", "1.0.0", {"base ^2"});
    return bed;
}

TEST(ResolveRequests, FindsVersionsThatFitTogether) {
    const RequestsBed bed = bed_with_conflict();
    const json::Object answer = must(bed.call("resolve", R"({"requests":["old"]})"));
    EXPECT_EQ(member(answer, "status"), R"("sat")");
    EXPECT_EQ(each(answer, "packages", "version"), "1.1.0 1.0.0");
    EXPECT_EQ(each(must(bed.call("resolve", R"({"requests":"old","prefer":"minimal"})")),
                   "packages", "version"),
              "1.0.0 1.0.0");
    EXPECT_EQ(each(must(bed.call("resolve", R"({"requests":["old"],"solver":"graph"})")),
                   "packages", "version"),
              "1.1.0 1.0.0");
    EXPECT_EQ(each(must(bed.call("resolve", R"({"requests":["old","new"],"policy":"per-major"})")),
                   "packages", "version"),
              "1.1.0 2.0.0 1.0.0 1.0.0");
}

TEST(ResolveRequests, OptimizeSaysWhichOfTheAnswersIsGiven) {
    RequestsBed bed;
    bed.publish("mid", "1.0.0");
    bed.publish("mid", "2.0.0");
    bed.publish("zed", "1.0.0", {"mid *"});
    bed.publish("zed", "2.0.0", {"mid ^1"});
    bed.publish("app", "1.0.0", {"zed *"});
    bed.publish("tool", "1.0.0", {"mid *"});
    bed.publish("tool", "2.0.0", {"mid ^2"});
    const auto versions = [&](const std::string& params) {
        const json::Object answer = must(bed.call("resolve", params));
        EXPECT_EQ(member(answer, "proven"), "true");
        return each(answer, "packages", "version");
    };
    const std::string lock =
        member(must(bed.call("resolve", R"({"requests":["mid@^1"],"write_lock":true})")), "lock");
    const auto tool = [&](const std::string& optimize) {
        return versions(R"({"requests":["tool"],"optimize":")" + optimize + R"(","lock":)" + lock +
                        "}");
    };
    EXPECT_EQ(tool("roots"), "2.0.0 2.0.0");
    EXPECT_EQ(tool("changes"), "1.0.0 1.0.0");
    EXPECT_EQ(versions(R"({"requests":["app"],"optimize":"roots"})"), "1.0.0 1.0.0 2.0.0");
    EXPECT_EQ(versions(R"({"requests":["app"],"optimize":"first"})"), "1.0.0 1.0.0 2.0.0");
    EXPECT_EQ(versions(R"({"requests":["app"],"optimize":"all"})"), "1.0.0 2.0.0 1.0.0");
    const auto graph = [&](const std::string& optimize) {
        return member(must(bed.call("resolve", R"({"requests":["zed"],"solver":"graph",)"
                                               R"("optimize":")" +
                                                   optimize + "\"}")),
                      "proven");
    };
    EXPECT_EQ(graph("first"), "true");
    EXPECT_EQ(graph("roots"), "false");
    EXPECT_EQ(code_of(bed.call("resolve", R"({"requests":["app"],"optimize":"odd"})")),
              Errc::kInvalidArgument);
}

TEST(ResolveRequests, ARequestThatCannotBeMetSaysWhyInItsError) {
    const RequestsBed bed = bed_with_conflict();
    const auto answer = bed.call("resolve", R"({"requests":["old","new"]})");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Errc::kUnsatisfiable);
    const json::Object data = failure_data(answer.error());
    EXPECT_EQ(member(data, "code"), R"("unsatisfiable")");
    EXPECT_EQ(data.at("roots").as_array()->size(), 2u);
    EXPECT_FALSE(data.at("steps").as_array()->empty());
    const auto unknown = bed.call("resolve", R"({"requests":["nobody"]})");
    EXPECT_EQ(code_of(unknown), Errc::kUnknownPackage);
    EXPECT_EQ(member(failure_data(unknown.error()), "steps"), "absent");
}

TEST(ResolveRequests, ExplainAnswersWithTheReason) {
    const RequestsBed bed = bed_with_conflict();
    const json::Object answer = must(bed.call("explain", R"({"requests":["old","new"]})"));
    EXPECT_EQ(member(answer, "status"), R"("unsat")");
    EXPECT_FALSE(answer.at("steps").as_array()->empty());
    EXPECT_EQ(member(must(bed.call("why_not", R"({"requests":["old"]})")), "status"), R"("sat")");
    EXPECT_EQ(code_of(bed.call("explain", R"({"requests":["nobody"]})")), Errc::kUnknownPackage);
}

TEST(ResolveRequests, ALockRepeatsAnEarlierAnswer) {
    const RequestsBed bed = bed_with_conflict();
    const json::Object first =
        must(bed.call("resolve", R"({"requests":["old"],"prefer":"minimal","write_lock":true})"));
    EXPECT_NE(first.at("lock").as_string()->find("sha256:"), std::string::npos);
    const json::Object params{{"requests", "old"}, {"lock", first.at("lock")}};
    EXPECT_EQ(each(must(bed.call("resolve", text_of(params))), "packages", "version"),
              "1.0.0 1.0.0");
}

}  // namespace
}  // namespace catalog::extension::testing
