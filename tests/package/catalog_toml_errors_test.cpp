#include <gtest/gtest.h>

#include "catalog/package/project.hpp"
#include "results.hpp"

namespace catalog::package {
namespace {

constexpr std::string_view kHead = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";

/// A mistake that begins at a place of a text; the text follows kHead, so lines count from 4.
struct Mistake {
    std::string text;
    Errc code;
    std::uint64_t line;
    std::uint64_t column;
};

void expect_mistake(const std::string& text, Errc code, std::uint64_t line, std::uint64_t column) {
    const auto refused = read_catalog_toml(text, "dir/catalog.toml");
    ASSERT_EQ(code_of(refused), code) << text << "\n" << text_of(refused);
    const Error& error = refused.error();
    const auto* at = error.detail_as<LocationDetail>();
    ASSERT_NE(at, nullptr) << text;
    EXPECT_EQ(at->line, line) << text << "\n" << error.to_string();
    EXPECT_EQ(at->column, column) << text << "\n" << error.to_string();
    EXPECT_EQ(error.input(),
              "dir/catalog.toml:" + std::to_string(at->line) + ":" + std::to_string(at->column));
    // The offset is that of the line and the column.
    std::size_t start = 0;
    for (std::uint64_t i = 1; i < at->line; ++i) start = text.find('\n', start) + 1;
    EXPECT_EQ(at->offset, start + at->column - 1) << text;
    EXPECT_FALSE(error.message().empty());
    EXPECT_FALSE(error.message().ends_with('.')) << error.message();
}

void expect_mistakes(const std::vector<Mistake>& mistakes) {
    for (const Mistake& mistake : mistakes)
        expect_mistake(std::string(kHead) + mistake.text, mistake.code, mistake.line,
                       mistake.column);
}

TEST(CatalogTomlErrors, PackageNeedsANameAndAVersion) {
    expect_mistake("", Errc::kMetadataInvalid, 1, 1);
    expect_mistake("[files]\n", Errc::kMetadataInvalid, 1, 1);
    expect_mistake("\n[package]\nname = \"a\"\n", Errc::kMetadataInvalid, 2, 2);
    expect_mistake("[package]\nversion = \"1.0.0\"\n", Errc::kMetadataInvalid, 1, 2);
    expect_mistake("package = 1\n", Errc::kMetadataInvalid, 1, 11);
    expect_mistake("[package]\nname = \"a b\"\nversion = \"1.0.0\"\n", Errc::kInvalidName, 2, 8);
    expect_mistake("[package]\nname = \"a\"\nversion = \"v1\"\n", Errc::kVersionSyntax, 3, 11);
    expect_mistake("[package]\nname = 1\nversion = \"1.0.0\"\n", Errc::kMetadataInvalid, 2, 8);
}

TEST(CatalogTomlErrors, ValuesOfTheWrongTypeAreNamed) {
    expect_mistakes({{"type = \"car\"", Errc::kMetadataInvalid, 4, 8},
                     {"description = 7", Errc::kMetadataInvalid, 4, 15},
                     {"keywords = \"x\"", Errc::kMetadataInvalid, 4, 12},
                     {"keywords = [\"x\", 1979-05-27]", Errc::kMetadataInvalid, 4, 18},
                     {"keywords = [\"\"]", Errc::kMetadataInvalid, 4, 13},
                     {"license = \"a\\nb\"", Errc::kMetadataInvalid, 4, 11},
                     {"entry = \"../x\"", Errc::kPathUnsafe, 4, 9}});
}

TEST(CatalogTomlErrors, SectionsMustBeTables) {
    expect_mistake("dependencies = []\n" + std::string(kHead), Errc::kMetadataInvalid, 1, 16);
    expect_mistake("features = 1\n" + std::string(kHead), Errc::kMetadataInvalid, 1, 12);
}

TEST(CatalogTomlErrors, DependenciesSayWhatIsWrongWithThem) {
    expect_mistakes({
        {"[dependencies]\n\"a b\" = \"1\"", Errc::kInvalidName, 5, 1},
        {"[dependencies]\nb = \"x y\"", Errc::kRequirementSyntax, 5, 5},
        {"[dependencies]\nb = 1", Errc::kMetadataInvalid, 5, 5},
        {"[dependencies]\nacme.blas = \"1\"", Errc::kMetadataInvalid, 5, 1},
        {"[dependencies]\nb = {}", Errc::kMetadataInvalid, 5, 5},
        {"[dependencies]\nb = { version = 1 }", Errc::kMetadataInvalid, 5, 17},
        {"[dependencies]\nb = { version = \"1\", path = \"x\" }", Errc::kMetadataInvalid, 5, 22},
        {"[dependencies]\nb = { git = \"https://x\" }", Errc::kMetadataInvalid, 5, 7},
        {"[dependencies]\nb = { git = \"https://x#y\", rev = \"z\" }", Errc::kRequirementSyntax, 5,
         13},
        {"[dependencies]\nb = { version = \"1\", rev = \"z\" }", Errc::kMetadataInvalid, 5, 22},
        {"[dependencies]\nb = { version = \"1\", platform = \"linux\" }", Errc::kMetadataInvalid, 5,
         33},
        {"[dependencies]\nb = { version = \"1\", features = [\"-x\"] }", Errc::kMetadataInvalid, 5,
         33},
        {"[dependencies]\nb = { version = \"1\", dialect = \"gem\" }", Errc::kMetadataInvalid, 5,
         32},
        {"[dependencies]\nb = { version = \"1\", optional = 1 }", Errc::kMetadataInvalid, 5, 33},
        {"[dev-dependencies]\nb = { version = \"1\", optional = true }", Errc::kMetadataInvalid, 5,
         22},
        {"[dependencies]\nb = { version = \"1\", any-of = \"c\" }", Errc::kMetadataInvalid, 5, 31},
        {"[dependencies]\nb = { version = \"1\", any-of = [\"c x y\"] }", Errc::kRequirementSyntax,
         5, 32},
        {"[dependencies]\nb = { version = \"1\", any-of = [{}] }", Errc::kMetadataInvalid, 5, 32},
        {"[dependencies]\nb = [\"1\", \"2\"]", Errc::kMetadataInvalid, 5, 1},
        {"[dependencies]\nb = { version = \"1\", optional = true }\n[optional-dependencies]\nb = "
         "\"1\"",
         Errc::kMetadataInvalid, 7, 1},
        {"[conflicts]\nb = \"x y\"", Errc::kRequirementSyntax, 5, 5},
        {"[conflicts]\nb = []", Errc::kMetadataInvalid, 5, 5},
        {"[provides]\nb = \"^1\"", Errc::kVersionSyntax, 5, 5},
    });
}

TEST(CatalogTomlErrors, FeaturesMustNameWhatThereIs) {
    expect_mistakes({
        {"[features]\n\"a/b\" = []", Errc::kMetadataInvalid, 5, 1},
        {"[features]\nf = [\"f\", \"nothing\"]", Errc::kMetadataInvalid, 5, 11},
        {"[features]\nf = [\"dep:nothing\"]", Errc::kMetadataInvalid, 5, 6},
        {"[features]\nf = [\n  \"nothing/x\"\n]", Errc::kMetadataInvalid, 6, 3},
        {"[features]\nf = [\"dep:b\"]\n[dependencies]\nb = \"1\"", Errc::kMetadataInvalid, 5, 6},
        {"[features]\nf = \"x\"", Errc::kMetadataInvalid, 5, 5},
    });
}

TEST(CatalogTomlErrors, NumbersAndDemandsAreChecked) {
    expect_mistakes({
        {"[requirements]\ncpu = -1", Errc::kMetadataInvalid, 5, 7},
        {"[requirements]\ncpu = nan", Errc::kMetadataInvalid, 5, 7},
        {"[requirements]\ncpu = \"2\"", Errc::kMetadataInvalid, 5, 7},
        {"[requirements]\nmemory = \"4 gigs\"", Errc::kMetadataInvalid, 5, 10},
        {"[requirements]\nmemory = \"-4 GB\"", Errc::kMetadataInvalid, 5, 10},
        {"[requirements]\nmemory = \"99999999 TB\"", Errc::kMetadataInvalid, 5, 10},
        {"[requirements]\nmemory = -1", Errc::kMetadataInvalid, 5, 10},
        {"[requirements]\ngpu = 4294967296", Errc::kMetadataInvalid, 5, 7},
        {"[requirements]\nnetwork = 1", Errc::kMetadataInvalid, 5, 11},
        {"[consensus]\nrequire = [\"luck\"]", Errc::kMetadataInvalid, 5, 11},
        {"[consensus]\nluck = 7", Errc::kMetadataInvalid, 5, 1},
    });
}

TEST(CatalogTomlErrors, GlobsThatCannotMatchAreRefused) {
    expect_mistakes({
        {"[files]\ninclude = [\"/a\"]", Errc::kPathUnsafe, 5, 12},
        {"[files]\ninclude = [\"a\", \"./b\"]", Errc::kPathUnsafe, 5, 17},
        {"[files]\nexclude = [\"../b\"]", Errc::kPathUnsafe, 5, 12},
        {"[files]\ninclude = \"a\"", Errc::kMetadataInvalid, 5, 11},
        {"[files]\ninclude = [\"" + std::string(kGlobBytesMax + 1, 'a') + "\"]",
         Errc::kMetadataInvalid, 5, 12},
    });
}

TEST(CatalogTomlErrors, TomlItselfMustBeRight) {
    for (const char* bad : {"name = \"b\"",
                            "[package]",
                            "[package",
                            "a = ",
                            "a = \"x",
                            "a = 1 b = 2",
                            "= 1",
                            "a = [1,",
                            "a = {",
                            "[[package]]\n[package]",
                            "a.b = 1\na = 2",
                            "\x01",
                            "[\x01r]",
                            "[.a]",
                            "[]",
                            "[[]]",
                            "[a.]",
                            "a. = 1",
                            ".a = 1",
                            "a = {.b = 1}",
                            "a = 2024-13-01",
                            "a = \"\\ud800\"",
                            "a = '''x",
                            "a = \"\"\"x\"\"",
                            "a = 1__0"}) {
        const auto refused = read_catalog_toml(std::string(kHead) + bad, "catalog.toml");
        EXPECT_EQ(code_of(refused), Errc::kTomlSyntax) << bad;
        ASSERT_NE(refused.error().detail_as<LocationDetail>(), nullptr);
        EXPECT_GE(refused.error().detail_as<LocationDetail>()->line, 4U) << bad;
    }
}

TEST(CatalogTomlErrors, ColumnsCountBytesAfterForeignLetters) {
    expect_mistakes(
        {{"# \xc3\xa4\nkeywords = [\"\xc3\xa4\xe2\x82\xac\", 1]", Errc::kMetadataInvalid, 5, 22}});
    expect_mistake("\xef\xbb\xbf" + std::string(kHead) + "license = 1", Errc::kMetadataInvalid, 4,
                   11);
}

TEST(CatalogTomlErrors, ForeignLettersInOddPlacesAreRefusedOrRead) {
    EXPECT_EQ(text_of(read_catalog_toml(
                  std::string(kHead) + "description = \"\"\"a\\\n \xc3\xa4\"\"\" # \xcf\xbb\n",
                  "catalog.toml")),
              "");
    for (const char* letter :
         {"\xc3\xa4", "\xcf\xbb", "\xe2\x80\xa8", "\xe3\x80\x80", "\xf0\x9f\x8e\x89"})
        for (const char* place : {"@", "@ = 1", "a@ = 1", "a = @", "a = 1@", "[@]", "[b@]", "[b]@",
                                  "a = [@]", "a = {@}", "a = {b = 1@}", "a = \"\\@\"",
                                  "a = \"\"\"\\@\"\"\"", "a.@ = 1", "a = 1979-05-27@"}) {
            std::string text = std::string(kHead) + place;
            text.replace(text.find('@'), 1, letter);
            EXPECT_EQ(code_of(read_catalog_toml(text, "catalog.toml")), Errc::kTomlSyntax) << text;
        }
}

TEST(CatalogTomlErrors, TextThatIsNotUtf8IsRefusedWhereItBegins) {
    expect_mistakes({{"description = \"a\xff\"", Errc::kTomlSyntax, 4, 17},
                     {"# \xc3\n", Errc::kTomlSyntax, 4, 3},
                     {"license = '\xed\xa0\x80'", Errc::kTomlSyntax, 4, 12}});
}

TEST(CatalogTomlErrors, ALargeFileIsRefused) {
    Limits limits;
    limits.toml_bytes_max = kHead.size();
    EXPECT_EQ(code_of(read_catalog_toml(kHead, "catalog.toml", limits)), std::nullopt);
    EXPECT_EQ(code_of(read_catalog_toml(std::string(kHead) + "\n", "catalog.toml", limits)),
              Errc::kLimitExceeded);
    limits = {};
    limits.keywords_max = 1;
    EXPECT_EQ(code_of(read_catalog_toml(std::string(kHead) + "keywords = [\"a\", \"b\"]",
                                        "catalog.toml", limits)),
              Errc::kLimitExceeded);
}

std::string repeated(std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
}

TEST(CatalogTomlErrors, DeepNestingDoesNotReachTheStack) {
    constexpr int kDeep = 100'000;
    for (const std::string& text :
         {"a = " + repeated("[", kDeep), "a = " + repeated("[", kDeep) + repeated("]", kDeep),
          "a = " + repeated("{a=", kDeep),
          "a = " + repeated("{a=", kDeep) + "1" + repeated("}", kDeep),
          "a" + repeated(".a", kDeep) + " = 1", "[a" + repeated(".a", kDeep) + "]",
          "[[a" + repeated(".a", kDeep) + "]]", "[a" + repeated(" . \"a\"", kDeep) + "]",
          "a = {a" + repeated(".a", kDeep) + " = 1}", repeated("[", kDeep),
          // Behind strings that a careless scan would take for something else.
          "x = \"\"\"a\"\"\"\"\na = " + repeated("[", kDeep),
          "x = [\"\"\"a\"\"\"\"\", {a" + repeated(".a", kDeep) + "=1}]",
          "x = ['''a''''', {a" + repeated(".a", kDeep) + "=1}]",
          "x = \"\\\"\"\na" + repeated(".a", kDeep) + " = 1",
          "x = '\\'\na" + repeated(".a", kDeep) + " = 1",
          "# \"\na" + repeated(".a", kDeep) + " = 1",
          "x = \"\"\"\\\"\"\"\"\na" + repeated(".a", kDeep) + " = 1"})
        EXPECT_EQ(code_of(read_catalog_toml(std::string(kHead) + text, "catalog.toml")),
                  Errc::kTomlSyntax)
            << text.substr(0, 40);
}

TEST(CatalogTomlErrors, NestingUpToTheLimitIsRead) {
    EXPECT_EQ(
        text_of(read_catalog_toml(
            std::string(kHead) + "x = " + repeated("[", 32) + repeated("]", 32), "catalog.toml")),
        "");
    EXPECT_EQ(text_of(read_catalog_toml(std::string(kHead) + "description = \"" +
                                            repeated(".", 1000) + repeated("[", 1000) + "\"",
                                        "catalog.toml")),
              "");
    EXPECT_EQ(text_of(read_catalog_toml(
                  std::string(kHead) + "x = [" + repeated("1.5, ", 1000) + "]", "catalog.toml")),
              "");
}

TEST(CatalogTomlErrors, ManyKeysAreReadInReasonableTime) {
    std::string text(kHead);
    text += "[dependencies]\n";
    for (int i = 0; i < 4000; ++i) text += "d" + std::to_string(i) + " = \"^1\"\n";
    text += "[features]\n";
    for (int i = 0; i < 4000; ++i)
        text += "f" + std::to_string(i) + " = [\"d" + std::to_string(i) + "/x\"]\n";
    const auto project = read_catalog_toml(text, "catalog.toml");
    ASSERT_EQ(text_of(project), "");
    EXPECT_EQ(project->metadata.dependencies.size(), 4000U);
}

}  // namespace
}  // namespace catalog::package
