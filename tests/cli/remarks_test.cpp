// What is remarked on the dependencies of a project that is checked or published.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "catalog/json/write.hpp"
#include "cli_bed.hpp"
#include "support/core/golden.hpp"

namespace catalog::cli {
namespace {

std::string remarks_file(const std::string& name) {
    return std::string(CATALOG_GOLDEN_DIR) + "/cli/" + name;
}

/// A bed with the golden project in `kit`.
void write_project(CliBed& bed) {
    std::filesystem::create_directory(bed.folder / "kit");
    std::filesystem::copy_file(remarks_file("remarks.catalog.toml"),
                               bed.folder / "kit/catalog.toml");
}

std::string without_folder(std::string text, const CliBed& bed) {
    const std::string folder = bed.folder / "";
    for (std::size_t at = 0; (at = text.find(folder, at)) != std::string::npos;)
        text.replace(at, folder.size(), "DIR/");
    return text;
}

TEST(ConstraintRemarks, AreAsTheGoldenFileSays) {
    CliBed bed;
    write_project(bed);
    ASSERT_EQ(bed.run({"init"}).code, 0);
    ASSERT_EQ(bed.run({"import", remarks_file("remarks.jsonl")}).code, 0);
    const Answer checked = bed.run({"check", bed.folder / "kit"});
    EXPECT_EQ(checked.code, 0);
    golden::expect("cli/remarks.txt", without_folder(checked.error, bed));
    // The same on every way, and never in the way.
    const Answer as_json = bed.run({"--json", "check", bed.folder / "kit"});
    const json::Value document = as_json.documents().at(0);
    std::string warnings;
    for (const json::Value& warning : *document.find("warnings")->as_array())
        warnings += "warning: kit@1.0.0: " + *warning.as_string() + "\n";
    EXPECT_EQ(warnings, checked.error);
    EXPECT_EQ(as_json.error, "");
    EXPECT_EQ(bed.run({"--quiet", "check", bed.folder / "kit"}).error, "");
    const Answer published = bed.run({"publish", bed.folder / "kit"});
    EXPECT_EQ(published.code, 0);
    EXPECT_EQ(published.error, checked.error);
}

TEST(ConstraintRemarks, AreNotMadeWithoutALibrary) {
    CliBed bed;
    write_project(bed);
    const Answer checked = bed.run({"check", bed.folder / "kit"});
    EXPECT_EQ(checked.code, 0);
    EXPECT_EQ(checked.error, "");
}

TEST(ConstraintRemarks, OfAPackageThatIsPublishedWithItAreNotMade) {
    CliBed bed;
    ASSERT_EQ(bed.run({"init"}).code, 0);
    for (const std::string name : {"base", "kit"})
        std::filesystem::create_directory(bed.folder / name);
    bed.file("base/catalog.toml", "[package]\nname = \"base\"\nversion = \"1.0.0\"\n");
    bed.file("kit/catalog.toml",
             "[package]\nname = \"kit\"\nversion = \"1.0.0\"\n[dependencies]\nbase = \"^1\"\n");
    EXPECT_EQ(bed.run({"check", bed.folder / "kit"}).error,
              "warning: kit@1.0.0: " + (bed.folder / "kit/catalog.toml") +
                  ":5:9: base ^1: no package is called base and none provides it\n");
    const Answer published = bed.run({"publish", bed.folder / "base", bed.folder / "kit"});
    EXPECT_EQ(published.code, 0);
    EXPECT_EQ(published.error.find("warning"), std::string::npos) << published.error;
}

}  // namespace
}  // namespace catalog::cli
