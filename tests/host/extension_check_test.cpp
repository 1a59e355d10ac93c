#include "extension_check.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "fixture_files.hpp"

namespace catalog::host {
namespace {

CheckReport check_fixture(const std::string& name) {
    const Result<ExtensionFiles> files = locate_extension(fixture_folder(name));
    EXPECT_TRUE(files) << files.error().to_string();
    Result<CheckReport> report = check_extension(*files);
    EXPECT_TRUE(report) << report.error().to_string();
    return *std::move(report);
}

/// The report about the good fixture with its manifest changed.
CheckReport check_with(std::string_view from, std::string_view to) {
    std::string manifest = bytes_of(fixture_folder("good") + "/extension.toml");
    const std::size_t at = manifest.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    manifest.replace(at, from.size(), to);
    CheckReport report;
    report.file = fixture_library("good");
    report.manifest = "extension.toml";
    const std::string bytes = bytes_of(report.file);
    check_extension_bytes(as_bytes(bytes), manifest, {}, report);
    return report;
}

TEST(ExtensionCheck, AdmitsAGoodExtension) {
    const CheckReport report = check_fixture("good");
    EXPECT_TRUE(report.ok()) << report.to_text();
    EXPECT_EQ(report.note.id, "test.fixture");
    EXPECT_EQ(report.sha256.size(), 64u);
    EXPECT_TRUE(report.refusal().empty());
    EXPECT_EQ(*json::Value(report.to_json()).find("ok")->as_bool(), true);
}

TEST(ExtensionCheck, NamesTheRuleThatARefusedOneBreaks) {
    EXPECT_EQ(check_fixture("without_note").refusal().substr(0, 5), "note:");
    const CheckReport exports = check_fixture("two_exports");
    EXPECT_EQ(exports.refusal().substr(0, 8), "exports:");
    EXPECT_NE(exports.refusal().find("second_export"), std::string::npos);
    EXPECT_EQ(check_fixture("never_unloads").refusal().substr(0, 7), "unique:");
    EXPECT_EQ(check_fixture("wrong_digest").refusal().substr(0, 7), "sha256:");
}

TEST(ExtensionCheck, ComparesNoteAndManifest) {
    EXPECT_NE(check_with("\"1.0.0\"", "\"1.0.1\"").refusal().find("same: version '1.0.0'"),
              std::string::npos);
    EXPECT_NE(check_with("\"test.fixture\"", "\"test.other\"").refusal().find("same: id"),
              std::string::npos);
    EXPECT_NE(check_with("minor = 1", "minor = 2").refusal().find("same: abi.minor"),
              std::string::npos);
    EXPECT_NE(check_with("optional = [", "required = [\"hypermesh.tea\"]\noptional = [")
                  .refusal()
                  .find("required services"),
              std::string::npos);
}

TEST(ExtensionCheck, RefusesAManifestAboutSomethingElse) {
    EXPECT_NE(check_with("libfixture.so", "libother.so").refusal().find("manifest: it is about"),
              std::string::npos);
    EXPECT_NE(check_with("hypermesh_extension_query_v0", "hypermesh_extension_create")
                  .refusal()
                  .find("entry_point"),
              std::string::npos);
    EXPECT_EQ(check_with("[metadata]", "[meta]").refusal().substr(0, 9), "manifest:");
}

TEST(ExtensionCheck, FindsFileAndManifestFromEither) {
    const Result<ExtensionFiles> folder = locate_extension(fixture_folder("good"));
    const Result<ExtensionFiles> file = locate_extension(fixture_library("good"));
    ASSERT_TRUE(folder);
    ASSERT_TRUE(file);
    EXPECT_EQ(folder->library, file->library);
    EXPECT_EQ(folder->manifest, file->manifest);
    EXPECT_EQ(locate_extension(fixture_folder("nowhere")).error().code(), Errc::kFileNotFound);
}

TEST(ExtensionCheck, RefusesAFileWithoutManifestAndAManifestWithoutCode) {
    const Result<CheckReport> alone = check_extension({fixture_library("good"), {}});
    ASSERT_TRUE(alone);
    EXPECT_NE(alone->refusal().find("no extension.toml beside the file"), std::string::npos);
    const std::string manifest = fixture_folder("good") + "/extension.toml";
    const Result<CheckReport> text = check_extension({manifest, manifest});
    ASSERT_TRUE(text);
    EXPECT_EQ(text->refusal().substr(0, 4), "elf:");
}

}  // namespace
}  // namespace catalog::host
