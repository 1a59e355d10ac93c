#include <gtest/gtest.h>

#include "requests_bed.hpp"

namespace catalog::extension::testing {
namespace {

RequestsBed bed_with_tool() {
    RequestsBed bed;
    bed.publish("kit", "1.0.0");
    bed.publish("tool", "1.0.0", {"kit ^1"});
    return bed;
}

TEST(InstallRequests, InstallsWithTheClosureAndSaysWhere) {
    const RequestsBed bed = bed_with_tool();
    const json::Object answer = must(bed.call(
        "install_package", R"({"package_id":"tool","options":{"install_dir":"/data/p/"}})"));
    EXPECT_EQ(member(answer, "added"), R"(["kit@1.0.0","tool@1.0.0"])");
    EXPECT_EQ(member(answer, "generation"), "1");
    EXPECT_EQ(member(answer, "package_id"), R"("tool@1.0.0")");
    EXPECT_EQ(member(answer, "install_path"), R"("/data/p/current")");
    EXPECT_TRUE(must(io::exists(*bed.fs, "/data/p/current/pkgs/kit/1.0.0/readme.txt")));
    const json::Object again =
        must(bed.call("install", R"({"requests":["tool","kit"],"prefix":"/data/p"})"));
    EXPECT_EQ(member(again, "package_id"), "absent");
    EXPECT_EQ(code_of(bed.call("install", R"({"requests":["nobody"],"prefix":"/data/p"})")),
              Errc::kUnknownPackage);
}

TEST(InstallRequests, ADryRunSaysWhatWouldBeDone) {
    const RequestsBed bed = bed_with_tool();
    const std::string_view params = R"({"package_id":"tool","prefix":"/data/p"})";
    const json::Object called = must(bed.call("install_package", params, true));
    const json::Object asked =
        must(bed.call("install_package", R"({"id":"tool","prefix":"/data/p","dry_run":true})"));
    EXPECT_EQ(text_of(called), text_of(asked));
    EXPECT_EQ(member(called, "added"), R"(["kit@1.0.0","tool@1.0.0"])");
    EXPECT_EQ(member(called, "generation"), "0");
    EXPECT_FALSE(must(io::exists(*bed.fs, "/data/p/current")));
}

TEST(InstallRequests, UninstallsRootsAndRefusesWhatOthersNeed) {
    const RequestsBed bed = bed_with_tool();
    must(bed.call("install_package", R"({"package_id":"tool","prefix":"/data/p"})"));
    EXPECT_EQ(code_of(bed.call("uninstall_package", R"({"package_id":"kit","prefix":"/data/p"})")),
              Errc::kStillRequired);
    const json::Object answer =
        must(bed.call("uninstall_package", R"({"names":["tool"],"prefix":"/data/p"})"));
    EXPECT_EQ(member(answer, "removed"), R"(["kit@1.0.0","tool@1.0.0"])");
}

TEST(InstallRequests, UpdatesEverythingOnePackageOrToOneVersion) {
    const RequestsBed bed = bed_with_tool();
    must(bed.call("install_package", R"({"package_id":"tool","prefix":"/data/p"})"));
    const json::Object still =
        must(bed.call("update_package", R"({"package_id":"tool","prefix":"/data/p"})"));
    EXPECT_EQ(member(still, "unchanged"), "true");
    EXPECT_EQ(member(still, "from_version"), member(still, "to_version"));
    bed.publish("kit", "1.1.0");
    bed.publish("kit", "1.2.0");
    bed.publish("tool", "1.5.0", {"kit ^1"});
    const json::Object tool =
        must(bed.call("update_package", R"({"package_id":"tool","prefix":"/data/p"})"));
    EXPECT_EQ(member(tool, "from_version"), R"("1.0.0")");
    EXPECT_EQ(member(tool, "to_version"), R"("1.5.0")");
    EXPECT_EQ(member(tool, "package_id"), R"("tool@1.5.0")");
    const json::Object all = must(bed.call("update_package", R"({"prefix":"/data/p"})"));
    EXPECT_EQ(member(all, "updated"),
              R"([{"from_version":"1.0.0","name":"kit","to_version":"1.2.0"}])");
    const json::Object pinned = must(
        bed.call("update_package", R"({"package_id":"kit","version":"1.1.0","prefix":"/data/p"})"));
    EXPECT_EQ(member(pinned, "from_version"), R"("1.2.0")");
    EXPECT_EQ(member(pinned, "to_version"), R"("1.1.0")");
    EXPECT_EQ(code_of(bed.call("update_package",
                               R"({"package_id":"nobody","version":"1.1.0","prefix":"/data/p"})")),
              Errc::kNotInstalled);
    EXPECT_EQ(code_of(bed.call("update_package",
                               R"({"package_id":"kit","version":"7.0.0","prefix":"/data/p"})")),
              Errc::kUnsatisfiable);
}

TEST(InstallRequests, OptimizeKeepsWhatIsThere) {
    const RequestsBed bed = bed_with_tool();
    must(bed.call("install_package", R"({"package_id":"tool","prefix":"/data/p"})"));
    bed.publish("kit", "2.0.0");
    bed.publish("tool", "1.5.0", {"kit *"});
    bed.publish("tool", "2.0.0", {"kit ^2"});
    bed.publish("app", "1.0.0", {"kit *"});
    bed.publish("app", "2.0.0", {"kit ^2"});
    const auto added = [&](std::string_view method, std::string_view params) {
        const json::Object answer = must(bed.call(method, params, true));
        EXPECT_EQ(member(answer, "proven"), "true");
        return member(answer, "added");
    };
    EXPECT_EQ(added("install_package", R"({"package_id":"app","prefix":"/data/p"})"),
              R"(["app@2.0.0","kit@2.0.0"])");
    EXPECT_EQ(
        added("install_package", R"({"package_id":"app","prefix":"/data/p","optimize":"changes"})"),
        R"(["app@1.0.0"])");
    EXPECT_EQ(
        added("update_package", R"({"package_id":"tool","prefix":"/data/p","optimize":"changes"})"),
        R"(["tool@1.5.0"])");
    EXPECT_EQ(code_of(bed.call("update_package", R"({"prefix":"/data/p","optimize":"changes"})")),
              Errc::kInvalidArgument);
}

TEST(InstallRequests, RollsBackAndTellsTheHistory) {
    const RequestsBed bed = bed_with_tool();
    must(bed.call("install_package", R"({"package_id":"kit","prefix":"/data/p"})"));
    must(bed.call("install_package", R"({"package_id":"tool","prefix":"/data/p"})"));
    const json::Object back = must(bed.call("rollback_package", R"({"prefix":"/data/p"})"));
    EXPECT_EQ(member(back, "removed"), R"(["tool@1.0.0"])");
    const json::Object history = must(bed.call("history", R"({"install_dir":"/data/p"})"));
    EXPECT_EQ(history.at("generations").as_array()->size(), 2u);
    EXPECT_EQ(text_of(*history.at("generations").as_array()->at(0).find("current")), "true");
    EXPECT_EQ(member(must(bed.call("rollback", R"({"prefix":"/data/p","generation":2})")), "added"),
              R"(["tool@1.0.0"])");
    EXPECT_EQ(code_of(bed.call("rollback", R"({"prefix":"/data/p","generation":9})")),
              Errc::kGenerationNotFound);
    EXPECT_EQ(code_of(bed.call("history", R"({"prefix":"/data/none"})")), Errc::kPrefixInvalid);
}

TEST(InstallRequests, LayoutsAndDialectsAreAsOnTheCommandLine) {
    const RequestsBed bed = bed_with_tool();
    must(bed.call("install_package",
                  R"({"requests":["tool@1.0.0"],"prefix":"/data/p","layout":"node_modules",)"
                  R"("dialect":"npm"})"));
    EXPECT_TRUE(must(io::exists(*bed.fs, "/data/p/current/node_modules/kit/readme.txt")));
}

}  // namespace
}  // namespace catalog::extension::testing
