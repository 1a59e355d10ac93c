#include "library_file.hpp"

#include <gtest/gtest.h>

#include "support/core/golden.hpp"
#include "support/io/results.hpp"

namespace catalog::library {
namespace {

using io::testing::code_of;

/// The recorded file with one piece replaced.
std::string library_file_with(std::string_view piece, std::string_view instead) {
    std::string text = golden::read("library/library.toml");
    const std::size_t at = text.find(piece);
    EXPECT_NE(at, std::string::npos) << piece;
    return text.replace(at, piece.size(), instead);
}

std::optional<Errc> verdict(const std::string& text) {
    return code_of(LibraryFile::decode(text, "library.toml"));
}

TEST(LibraryFile, RefusesChunksThatNoStoreCanHave) {
    for (const char* chunk : {"0", "1", "2048", "5000", "2097152", "1073741824", "-4096"})
        EXPECT_EQ(verdict(library_file_with("32768", chunk)), Errc::kLibraryFormat) << chunk;
    for (const char* chunk : {"4096", "1048576"})
        EXPECT_EQ(verdict(library_file_with("32768", chunk)), std::nullopt) << chunk;
}

TEST(LibraryFile, TakesNoOtherTypeForANumber) {
    for (const char* format : {"true", "1.0", "\"1\"", "[1]"})
        EXPECT_EQ(verdict(library_file_with("format = 1", std::string("format = ") + format)),
                  Errc::kLibraryFormat)
            << format;
    EXPECT_EQ(verdict(library_file_with("compression_level = 7", "compression_level = true")),
              Errc::kLibraryFormat);
}

TEST(LibraryFile, RefusesWhatTheParserBelievesImpossible) {
    for (const std::string& text :
         {std::string("[\0", 2), std::string("[[\x01"), std::string("a = 1 \xc2\xa1"),
          std::string("\xff"), "a" + std::string(60, '.')})
        EXPECT_EQ(verdict(text), Errc::kLibraryFormat);
    std::string deep;
    for (int i = 0; i < 10'000; ++i) deep += "a.";
    EXPECT_EQ(verdict(deep + "a = 1\n"), Errc::kLibraryFormat);
}

TEST(LibraryFile, NamesTheFileAndThePlace) {
    const auto file = LibraryFile::decode("format = 1\nid = = 2\n", "/l/library.toml");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code(), Errc::kLibraryFormat);
    EXPECT_EQ(file.error().input(), "/l/library.toml");
    const auto* place = file.error().detail_as<LocationDetail>();
    ASSERT_NE(place, nullptr);
    EXPECT_EQ(place->line, 2u);
}

}  // namespace
}  // namespace catalog::library
