// store check and store repair.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli_bed.hpp"

namespace catalog::cli {
namespace {

/// A library with one package, and one object that belongs to none.
struct CareBed : CliBed {
    CareBed() {
        EXPECT_EQ(run({"init"}).code, 0);
        std::filesystem::create_directories(folder / "kit");
        file("kit/catalog.toml",
             "[package]\nname = \"acme/kit\"\nversion = \"1.0.0\"\ntype = \"dataset\"\n");
        file("kit/words.txt", "some words that nobody else has");
        EXPECT_EQ(run({"publish", folder / "kit"}).code, 0);
        EXPECT_EQ(run({"store", "put", file("loose", "a file of its own")}).code, 0);
    }

    /// Flips a bit of the bytes, which stand in a pack as they are.
    void damage(const std::string& text) const {
        const std::string path = folder / "library/packs/00000001.pack";
        std::ifstream in(path, std::ios::binary);
        std::string bytes{std::istreambuf_iterator<char>(in), {}};
        const std::size_t at = bytes.find(text);
        ASSERT_NE(at, std::string::npos);
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        std::ofstream(path, std::ios::binary) << bytes;
    }

    json::Value document(std::vector<std::string> arguments, int code) {
        arguments.insert(arguments.begin(), "--json");
        const Answer answer = run(std::move(arguments));
        EXPECT_EQ(answer.code, code) << answer.out << answer.error;
        const auto documents = answer.documents();
        return documents.empty() ? json::Value() : documents[0];
    }
};

std::size_t count_of(const json::Value& document, std::string_view key) {
    return document.find(key)->as_array()->size();
}

TEST(StoreCare, FindsNoDamageWhereThereIsNone) {
    CareBed bed;
    for (const std::string level : {"quick", "structural", "full"}) {
        const json::Value checked = bed.document({"store", "check", "--level", level}, 0);
        EXPECT_TRUE(*checked.find("ok")->as_bool());
        EXPECT_EQ(count_of(checked, "damages"), 0u);
        EXPECT_GE(*checked.find("objects")->as_int(), 3);
    }
    EXPECT_NE(bed.run({"store", "check"}).out.find("no damage"), std::string::npos);
    EXPECT_EQ(bed.run({"store", "check", "--level", "deep"}).code, 2);
    EXPECT_EQ(bed.run({"store", "repair"}).out, "nothing had to be repaired\n");
    EXPECT_FALSE(std::filesystem::exists(bed.folder / "library/check.place"));
}

TEST(StoreCare, NamesTheFilesThatAreHurtUntilTheyAreGivenBack) {
    CareBed bed;
    bed.damage("some words");
    EXPECT_EQ(bed.run({"store", "check", "--level", "quick"}).code, 0) << "it reads no content";
    const json::Value checked = bed.document({"store", "check"}, 1);
    EXPECT_FALSE(*checked.find("ok")->as_bool());
    ASSERT_EQ(count_of(checked, "files"), 1u);
    const json::Value file = checked.find("files")->as_array()->front();
    EXPECT_EQ(*file.find("package")->as_string(), "acme/kit@1.0.0");
    EXPECT_EQ(*file.find("path")->as_string(), "words.txt");
    const Answer told = bed.run({"store", "check", "--level", "structural"});
    EXPECT_EQ(told.code, 1);
    EXPECT_NE(told.out.find("words.txt"), std::string::npos);

    const json::Value foretold =
        bed.document({"store", "repair", "--dry-run", "--from", bed.folder / "kit"}, 0);
    EXPECT_EQ(count_of(foretold, "restored"), 1u);
    EXPECT_FALSE(std::filesystem::exists(bed.folder / "library/quarantine"));

    const json::Value alone = bed.document({"store", "repair"}, 1);
    EXPECT_EQ(count_of(alone, "hurt"), 1u);
    EXPECT_EQ(count_of(alone, "files"), 1u);
    EXPECT_EQ(count_of(alone, "packs_rewritten"), 1u);
    EXPECT_TRUE(std::filesystem::exists(bed.folder / "library/quarantine/00000001.pack"));
    EXPECT_EQ(bed.run({"store", "repair", "--from", bed.folder / "nowhere"}).code, 3);

    const json::Value mended = bed.document({"store", "repair", "--from", bed.folder / "kit"}, 0);
    EXPECT_EQ(count_of(mended, "restored"), 1u);
    EXPECT_TRUE(*bed.document({"store", "check"}, 0).find("ok")->as_bool());
    EXPECT_EQ(bed.run({"verify", "--deep"}).code, 0);
}

TEST(StoreCare, FindsAndRemovesKeptFilesThatSomebodyChanged) {
    CareBed bed;
    const std::string id = *bed.document({"store", "put", bed.file("kept", "kept for exports")}, 0)
                                .find("id")
                                ->as_string();
    EXPECT_EQ(bed.run({"store", "export", "--link", id, bed.folder / "out"}).code, 0);
    EXPECT_EQ(bed.run({"store", "check"}).code, 0);
    std::filesystem::permissions(bed.folder / "out", std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
    std::ofstream(bed.folder / "out") << "changed in place";
    const json::Value checked = bed.document({"store", "check"}, 1);
    ASSERT_EQ(count_of(checked, "kept_damages"), 1u);
    EXPECT_EQ(*checked.find("kept_damages")->as_array()->front().find("links")->as_int(), 1);
    EXPECT_NE(bed.run({"store", "check"}).out.find("changed"), std::string::npos);
    EXPECT_EQ(count_of(bed.document({"store", "repair", "--dry-run"}, 0), "kept_damages"), 1u);
    EXPECT_EQ(count_of(bed.document({"store", "repair"}, 0), "kept_damages"), 1u);
    EXPECT_EQ(bed.run({"store", "check"}).code, 0);
    EXPECT_EQ(bed.run({"store", "export", "--link", id, bed.folder / "again"}).code, 0);
    std::ifstream in(bed.folder / "again");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "kept for exports");
}

TEST(StoreCare, TakesContentFromAnotherLibrary) {
    CareBed bed;
    std::filesystem::copy(bed.folder / "library", bed.folder / "other",
                          std::filesystem::copy_options::recursive);
    bed.damage("a file of its own");
    const Answer mended = bed.run({"store", "repair", "--from", bed.folder / "other"});
    EXPECT_EQ(mended.code, 0) << mended.out << mended.error;
    EXPECT_NE(mended.out.find("objects restored"), std::string::npos);
    EXPECT_EQ(bed.run({"store", "check"}).code, 0);
}

TEST(StoreCare, AnInterruptedCheckGoesOn) {
    CareBed bed;
    bed.file("library/check.place", "1 2\n");
    const json::Value rest = bed.document({"store", "check", "--resume"}, 1);
    EXPECT_EQ(*rest.find("resumed_after")->as_int(), 1);
    EXPECT_EQ(*rest.find("damages_before")->as_int(), 2);
    EXPECT_EQ(count_of(rest, "damages"), 0u);
    EXPECT_FALSE(std::filesystem::exists(bed.folder / "library/check.place"));
    bed.file("library/check.place", "nonsense");
    EXPECT_EQ(*bed.document({"store", "check", "--resume"}, 0).find("resumed_after")->as_int(), 0);
}

}  // namespace
}  // namespace catalog::cli
