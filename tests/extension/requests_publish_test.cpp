#include <gtest/gtest.h>

#include "requests_bed.hpp"

namespace catalog::extension::testing {
namespace {

constexpr std::string_view kInline =
    R"({"metadata":{"name":"kit","version":"1.0.0","license":"MIT"},)"
    R"("files":[{"path":"bin/kit","text":"#!/bin/sh\n","executable":true},)"
    R"({"path":"data","base64":"AAEC"}]})";

TEST(PublishRequests, PublishesWhatIsGivenInTheRequest) {
    const RequestsBed bed;
    const json::Object answer = must(bed.call("publish_package", kInline));
    EXPECT_EQ(member(answer, "id"), R"("kit@1.0.0")");
    EXPECT_EQ(member(answer, "package_id"), member(answer, "id"));
    EXPECT_EQ(member(answer, "version"), R"("1.0.0")");
    EXPECT_EQ(member(answer, "distribution_hash"), member(answer, "digest"));
    EXPECT_EQ(member(answer, "already_published"), "false");
    EXPECT_NE(must(json::read(*answer.at("signature").as_string())).find("signatures"), nullptr);
    EXPECT_EQ(library::testing::file_of(*bed.library, "kit@1.0.0", "data"),
              std::string("\0\1\2", 3));
    const json::Object files = must(bed.call("get_package", R"({"id":"kit","files":true})"));
    EXPECT_EQ(text_of(*files.at("file_table").as_array()->at(0).find("mode")), "493");
    EXPECT_EQ(member(must(bed.call("publish", kInline)), "already_published"), "true");
}

TEST(PublishRequests, TheSamePackageHasTheSameDigestFromAFolder) {
    const RequestsBed bed;
    bed.write("/data/project/catalog.toml",
              "[package]\nname = \"kit\"\nversion = \"1.0.0\"\n[files]\nexclude = "
              "[\"catalog.toml\"]\n");
    bed.write("/data/project/a.txt", "a");
    const json::Object folder =
        must(bed.call("publish_package", R"({"path":"/data/project","dry_run":true})"));
    EXPECT_EQ(member(folder, "signature"), "absent");
    EXPECT_EQ(member(must(bed.call("list_packages")), "packages"), "[]");
    const json::Object given = must(bed.call(
        "publish_package",
        R"({"metadata":{"name":"kit","version":"1.0.0"},"files":[{"path":"a.txt","text":"a"}]})"));
    EXPECT_EQ(member(given, "digest"), member(folder, "digest"));
    EXPECT_EQ(code_of(bed.call("publish_package", R"({"path":"/data/nowhere"})")),
              Errc::kFileNotFound);
}

TEST(PublishRequests, ADryRunOfTheCallChangesNothing) {
    const RequestsBed bed;
    must(bed.call("publish_package", kInline, true));
    EXPECT_EQ(member(must(bed.call("list_packages")), "packages"), "[]");
}

TEST(PublishRequests, ContentBeyond64KiBIsPointedToAFolder) {
    const RequestsBed bed;
    const auto params = [](std::size_t first, std::size_t second) {
        return text_of(json::Object{
            {"metadata", json::Object{{"name", "kit"}, {"version", "1.0.0"}}},
            {"files",
             json::Array{json::Object{{"path", "a"}, {"text", std::string(first, 'a')}},
                         json::Object{{"path", "b"},
                                      {"base64", to_base64(Bytes(second, std::byte{7}))}}}}});
    };
    const auto refused = bed.call("publish_package", params(40 << 10, (24 << 10) + 1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::kLimitExceeded);
    EXPECT_NE(refused.error().hint().find("path"), std::string_view::npos);
    EXPECT_EQ(code_of(bed.call("publish_package", params((64 << 10) + 1, 0))),
              Errc::kLimitExceeded);
    EXPECT_TRUE(bed.call("publish_package", params(40 << 10, 24 << 10)));
}

TEST(PublishRequests, ImportsNpmPackagesUntilTheFirstFailureOrAllOfThem) {
    const RequestsBed bed;
    bed.write("/data/a/package.json", R"({"name":"a","version":"1.0.0"})");
    bed.write("/data/bad/package.json", R"({"name":)");
    bed.write("/data/b/package.json", R"({"name":"b","version":"2.0.0"})");
    const std::string paths = R"({"paths":["/data/a","/data/bad","/data/b"])";
    EXPECT_FALSE(bed.call("import_npm", paths + "}"));
    EXPECT_EQ(each(must(bed.call("list_packages")), "packages", "name"), "a");
    const json::Object tried =
        must(bed.call("import_npm", paths + R"(,"keep_going":true,"dry_run":true})"));
    EXPECT_EQ(each(tried, "packages", "id"), "a@1.0.0 b@2.0.0");
    EXPECT_EQ(each(must(bed.call("list_packages")), "packages", "name"), "a");
    const json::Object answer = must(bed.call("import_npm", paths + R"(,"keep_going":true})"));
    EXPECT_EQ(each(answer, "packages", "id"), "a@1.0.0 b@2.0.0");
    EXPECT_EQ(member(answer, "published"), "1");
    EXPECT_EQ(member(answer, "already_there"), "1");
    EXPECT_EQ(answer.at("failed").as_array()->size(), 1u);
    EXPECT_EQ(each(must(bed.call("import_npm", R"({"paths":"/data/b"})")), "packages", "id"),
              "b@2.0.0");
}

/// Counts updates of one operation.
class CountingSink final : public ProgressSink {
public:
    void update(const ProgressUpdate& update) noexcept override {
        if (update.operation == "import_npm") last = update.done;
        ++updates;
    }
    std::uint64_t last = 0;
    std::uint64_t updates = 0;
};

TEST(PublishRequests, LongRequestsTellTheirProgress) {
    const RequestsBed bed;
    bed.write("/data/a/package.json", R"({"name":"a","version":"1.0.0"})");
    bed.write("/data/b/package.json", R"({"name":"b","version":"2.0.0"})");
    CountingSink sink;
    CallContext context;
    context.progress = &sink;
    must(bed.call_in(context, "import_npm", R"({"paths":["/data/a","/data/b"]})"));
    EXPECT_EQ(sink.last, 2u);
    EXPECT_GT(sink.updates, 2u);
}

TEST(PublishRequests, ImportsMetadataFromAFileOrFromTheRequest) {
    const RequestsBed bed;
    bed.write("/data/list.jsonl",
              "{\"name\":\"a\",\"version\":\"1.0.0\"}\nnonsense\n{\"name\":\"b\",\"version\":\"1."
              "0.0\"}\n");
    const json::Object answer = must(bed.call("import_metadata", R"({"path":"/data/list.jsonl"})"));
    EXPECT_EQ(member(answer, "imported"), "2");
    EXPECT_EQ(member(answer, "refused_total"), "1");
    EXPECT_EQ(text_of(*answer.at("refused").as_array()->at(0).find("line")), "2");
    EXPECT_FALSE(bed.call("import_metadata", R"({"path":"/data/list.jsonl","strict":true})"));
    EXPECT_EQ(code_of(bed.call("import_metadata", R"({"path":"/data/none"})")),
              Errc::kFileNotFound);
}

TEST(PublishRequests, ChangesStatesWithTheirReasons) {
    const RequestsBed bed;
    bed.publish("kit", "1.0.0");
    const auto change = [&](std::string_view event, std::string_view reason) {
        json::Object params{{"id", "kit@1.0.0"}, {"event", event}};
        if (!reason.empty()) params.emplace("reason", reason);
        return bed.call("change_state", text_of(params));
    };
    EXPECT_EQ(member(must(change("yank", "broken")), "yanked"), "true");
    EXPECT_EQ(member(must(change("unyank", "")), "yanked"), "false");
    EXPECT_EQ(member(must(change("deprecate", "old")), "state"), R"("deprecated")");
    EXPECT_EQ(member(must(change("restore", "")), "state"), R"("published")");
    EXPECT_EQ(code_of(change("archive", "")), Errc::kInvalidArgument);
    EXPECT_EQ(member(must(change("archive", "older")), "state"), R"("archived")");
    EXPECT_EQ(code_of(change("restore", "")), Errc::kStateTransition);
}

}  // namespace
}  // namespace catalog::extension::testing
