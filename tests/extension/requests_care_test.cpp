#include <gtest/gtest.h>

#include "requests_bed.hpp"

namespace catalog::extension::testing {
namespace {

TEST(CareRequests, VerifiesOnePackage) {
    const RequestsBed bed;
    bed.publish("kit", "1.0.0");
    must(bed.call("import_metadata", R"({"text":"{\"name\":\"paper\",\"version\":\"1.0.0\"}"})"));
    const json::Object answer = must(bed.call("verify_package", R"({"package_id":"kit@1.0.0"})"));
    EXPECT_EQ(member(answer, "id"), R"("kit@1.0.0")");
    EXPECT_EQ(member(answer, "verified"), "true");
    EXPECT_EQ(member(answer, "signature_valid"), "true");
    EXPECT_EQ(member(answer, "integrity_valid"), "true");
    EXPECT_EQ(member(answer, "security_issues"), "[]");
    EXPECT_EQ(member(answer, "files"), "1");
    EXPECT_EQ(text_of(must(bed.call("catalog.validate", R"({"id":"kit"})"))), text_of(answer));
    const json::Object imported = must(bed.call("verify", R"({"id":"paper"})"));
    EXPECT_EQ(member(imported, "signature_valid"), "null");
    EXPECT_EQ(member(imported, "verified"), "false");
    EXPECT_EQ(code_of(bed.call("verify", R"({"id":"nobody"})")), Errc::kPackageNotFound);
}

TEST(CareRequests, DamageIsToldAsIssuesWithTheFilesThatAreHurt) {
    RequestsBed bed;
    must(bed.library->publish(library::testing::small_draft(
        "kit", "1.0.0", {{"data", library::testing::noise(20'000, 3)}})));
    const std::string pack =
        "/data/library/packs/" + must(bed.fs->list("/data/library/packs"))[0].name;
    must(bed.fs->corrupt(pack, must(bed.fs->info(pack)).size / 2, 0x04));
    const json::Object answer = must(bed.call("verify_package", R"({"id":"kit"})"));
    EXPECT_EQ(member(answer, "verified"), "false");
    EXPECT_EQ(member(answer, "signature_valid"), "true");
    EXPECT_EQ(member(answer, "integrity_valid"), "false");
    const json::Value& issue = answer.at("security_issues").as_array()->at(0);
    EXPECT_EQ(text_of(*issue.find("affected_files")), R"(["kit@1.0.0:data"])");
    EXPECT_EQ(text_of(*issue.find("issue_type")), R"("content")");
    const json::Object library = must(bed.call("verify_library", R"({"deep":true})"));
    EXPECT_EQ(member(library, "ok"), "false");
}

TEST(CareRequests, VerifiesAPrefix) {
    const RequestsBed bed;
    bed.publish("kit", "1.0.0");
    must(bed.call("install_package", R"({"package_id":"kit","prefix":"/data/p"})"));
    EXPECT_EQ(text_of(must(bed.call("verify_prefix", R"({"prefix":"/data/p"})"))),
              R"({"damages":[],"ok":true})");
    must(bed.fs->remove_file("/data/p/current/pkgs/kit/1.0.0/readme.txt"));
    const json::Object answer = must(bed.call("verify_prefix", R"({"prefix":"/data/p"})"));
    EXPECT_EQ(member(answer, "ok"), "false");
    EXPECT_EQ(each(answer, "damages", "what"), "missing");
}

TEST(CareRequests, RepairsAndFindsNothingInASoundLibrary) {
    const RequestsBed bed;
    bed.publish("kit", "1.0.0");
    const json::Object answer = must(bed.call("repair"));
    EXPECT_EQ(member(answer, "index_records"), "0");
    EXPECT_EQ(member(answer, "remaining"), "[]");
    EXPECT_EQ(member(must(bed.call("verify_library")), "ok"), "true");
}

}  // namespace
}  // namespace catalog::extension::testing
