#include "elf_file.hpp"

#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "catalog/abi/extension.h"
#include "fixture_files.hpp"

namespace catalog::host {
namespace {

std::string good_bytes() { return bytes_of(fixture_library("good")); }

std::vector<std::string> export_names(const ElfFile& elf) {
    std::vector<std::string> out;
    for (const ElfExport& symbol : elf.exports) out.push_back(symbol.name);
    std::ranges::sort(out);
    return out;
}

TEST(ElfFile, ShowsTheOneExportTheNoteAndWhatIsNeeded) {
    const std::string bytes = good_bytes();
    const Result<ElfFile> elf = read_elf(as_bytes(bytes));
    ASSERT_TRUE(elf) << elf.error().to_string();
    EXPECT_EQ(export_names(*elf), std::vector<std::string>{HMX_ENTRY_SYMBOL});
    EXPECT_TRUE(elf->exports[0].is_function);
    EXPECT_NE(std::ranges::find(elf->needed, "libc.so.6"), elf->needed.end());
    const auto note = std::ranges::find(elf->notes, HMX_NOTE_NAME, &ElfNote::name);
    ASSERT_NE(note, elf->notes.end());
    EXPECT_EQ(note->type, HMX_NOTE_TYPE);
    EXPECT_NE(note->descriptor.find("\"test.fixture\""), std::string::npos);
    EXPECT_FALSE(elf->is_program);
    EXPECT_FALSE(elf->text_relocations);
    EXPECT_FALSE(elf->never_unloads);
    EXPECT_FALSE(elf->executable_stack);
}

TEST(ElfFile, ShowsEveryExport) {
    const std::string bytes = bytes_of(fixture_library("two_exports"));
    const Result<ElfFile> elf = read_elf(as_bytes(bytes));
    ASSERT_TRUE(elf) << elf.error().to_string();
    EXPECT_EQ(export_names(*elf), (std::vector<std::string>{HMX_ENTRY_SYMBOL, "second_export"}));
}

TEST(ElfFile, SeesWhatIsNeverUnloaded) {
    const std::string bytes = bytes_of(fixture_library("never_unloads"));
    const Result<ElfFile> elf = read_elf(as_bytes(bytes));
    ASSERT_TRUE(elf);
    EXPECT_TRUE(elf->never_unloads);
}

TEST(ElfFile, FindsUniqueSymbolsOfTheCppLibrary) {
    // The C++ library of this process: a large foreign file with known peculiarities.
    std::ifstream maps("/proc/self/maps");
    std::string path;
    for (std::string line; std::getline(maps, line);)
        if (line.find("libstdc++.so") != std::string::npos) path = line.substr(line.find('/'));
    if (path.empty()) GTEST_SKIP() << "linked statically";
    const std::string bytes = bytes_of(path);
    const Result<ElfFile> elf = read_elf(as_bytes(bytes));
    ASSERT_TRUE(elf) << elf.error().to_string();
    EXPECT_GT(elf->exports.size(), 4000u);
    EXPECT_TRUE(std::ranges::any_of(elf->exports, [](const ElfExport& symbol) {
        return symbol.binding == SymbolBinding::kUnique;
    }));
    EXPECT_EQ(elf->soname, "libstdc++.so.6");
}

TEST(ElfFile, KnowsAProgram) {
    const std::string bytes = bytes_of("/proc/self/exe");
    const Result<ElfFile> elf = read_elf(as_bytes(bytes));
    ASSERT_TRUE(elf) << elf.error().to_string();
    EXPECT_TRUE(elf->is_program);
}

TEST(ElfFile, NamesWhatAForeignFileIs) {
    std::string bytes = good_bytes();
    EXPECT_NE(read_elf(as_bytes("#!/bin/sh\n")).error().message().find("no ELF"),
              std::string_view::npos);
    EXPECT_FALSE(read_elf({}));
    std::string other = bytes;
    other[EI_CLASS] = ELFCLASS32;
    EXPECT_NE(read_elf(as_bytes(other)).error().message().find("64-bit"), std::string_view::npos);
    other = bytes;
    other[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_AARCH64);
    EXPECT_NE(read_elf(as_bytes(other)).error().message().find("machine 183"),
              std::string_view::npos);
    other = bytes;
    other[offsetof(Elf64_Ehdr, e_type)] = ET_REL;
    EXPECT_EQ(read_elf(as_bytes(other)).error().code(), Errc::kUnsupported);
}

TEST(ElfFile, SurvivesEveryTruncation) {
    const std::string bytes = good_bytes();
    std::size_t refused = 0;
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 64)
        refused += read_elf(as_bytes(std::string_view(bytes).substr(0, size))) ? 0 : 1;
    // Section headers stand last and are not needed.
    EXPECT_GT(refused, 100u);
    EXPECT_FALSE(read_elf(as_bytes(std::string_view(bytes).substr(0, 2000))));
}

TEST(ElfFile, SurvivesDamagedHeaders) {
    const std::string bytes = good_bytes();
    std::mt19937 random(7);
    std::size_t refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = bytes;
        for (int flips = 0; flips < 3; ++flips) {
            // Headers, dynamic section, hash table and symbols are in the first 4 KiB or so.
            const std::size_t at = random() % std::min<std::size_t>(bytes.size(), 4096);
            damaged[at] = static_cast<char>(random());
        }
        refused += read_elf(as_bytes(damaged)) ? 0 : 1;
    }
    EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace catalog::host
