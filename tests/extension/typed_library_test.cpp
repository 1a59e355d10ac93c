// The typed table as a host uses it.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "support/library/library_bed.hpp"
#include "typed_bed.hpp"

namespace catalog::extension::testing {
namespace {

using io::testing::must;
using library::testing::noise;
using library::testing::small_draft;

/// Collects what a walk gives.
struct Collected {
    std::vector<std::string> ids;
    std::vector<double> scores;
    hmx_status answer = HMX_OK;
    std::size_t answer_after = ~std::size_t{0};

    static hmx_status each(void* user, const cat_package* package, double score) {
        auto& self = *static_cast<Collected*>(user);
        EXPECT_EQ(package->owner, nullptr);
        EXPECT_NE(package->metadata_json.size, 0u);
        self.ids.push_back(text(package->id));
        self.scores.push_back(score);
        return self.ids.size() >= self.answer_after ? self.answer : HMX_OK;
    }
};

std::string released(hmx_buf buffer) {
    std::string bytes(reinterpret_cast<const char*>(buffer.data), buffer.size);
    buffer.release(buffer.owner);
    return bytes;
}

TEST(TypedLibrary, GivesPackagesAsTheLibraryHasThem) {
    TypedBed bed;
    for (std::uint64_t number = 0; number < 20; ++number) {
        SCOPED_TRACE(number);
        const std::string id = must(bed.library().publish(rich_draft(number))).id.to_string();
        const index::LazyPackage expected = must(bed.library().find(id));
        cat_package package = fresh_package();
        ASSERT_EQ(bed->get_package(bed.instance(), nullptr, str(id), {}, &package, nullptr),
                  HMX_OK);
        expect_shows(package, expected.entry(), *must(expected.manifest()));
        EXPECT_EQ(bed.outstanding(), 1u);
        package.release(package.owner);
    }
    EXPECT_EQ(bed.outstanding(), 0u);
}

TEST(TypedLibrary, SaysWhyThereIsNoPackage) {
    TypedBed bed;
    must(bed.library().publish(small_draft("kit", "1.0.0")));
    const auto status_of = [&](std::string_view id, std::string_view requirement) {
        cat_package package = fresh_package();
        package.owner = &package;
        hmx_error error = fresh_error();
        const hmx_status status =
            bed->get_package(bed.instance(), nullptr, str(id), str(requirement), &package, &error);
        EXPECT_EQ(error.code, status);
        EXPECT_NE(error.message[0], '\0');
        EXPECT_EQ(package.owner, nullptr);
        return status;
    };
    EXPECT_EQ(status_of("none", ""), HMX_E_NOT_FOUND);
    EXPECT_EQ(status_of("kit@2.0.0", ""), HMX_E_NOT_FOUND);
    EXPECT_EQ(status_of("kit", "^2"), HMX_E_VERSION_CONFLICT);
    EXPECT_EQ(status_of("kit", "~ ~"), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(status_of("kit@1.0.0", "^1"), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(status_of("", ""), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(status_of(std::string(1 << 20, 'a'), ""), HMX_E_TOO_LARGE);
}

TEST(TypedLibrary, RefusesPointersThatAreNullAndTextsThatAreNotThere) {
    TypedBed bed;
    cat_package package = fresh_package();
    const hmx_str missing{nullptr, 5};
    hmx_instance* const self = bed.instance();
    EXPECT_EQ(bed->get_package(nullptr, nullptr, str("kit"), {}, &package, nullptr),
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(bed->get_package(self, nullptr, str("kit"), {}, nullptr, nullptr),
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(bed->get_package(self, nullptr, missing, {}, &package, nullptr),
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(bed->list_packages(self, nullptr, nullptr, 1, {}, nullptr, nullptr, nullptr, nullptr),
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(bed->search_packages(self, nullptr, missing, nullptr, 1, &Collected::each, nullptr,
                                   nullptr),
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(bed->open_content(self, nullptr, str("kit"), str("f"), nullptr, nullptr),
              HMX_E_INVALID_ARGUMENT);
    std::size_t got = 1;
    EXPECT_EQ(bed->read_at(self, 1, 0, nullptr, 4, &got, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(bed->map_at(self, 1, 0, 0, nullptr, nullptr), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(bed->close_content(nullptr, 1), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(bed->close_content(self, 1), HMX_E_NOT_FOUND);
    cat_content_info info{};
    info.struct_size = sizeof info;
    EXPECT_EQ(bed->content_info(self, 0, &info), HMX_E_NOT_FOUND);
}

TEST(TypedLibrary, WritesNoMoreOfAStructThanTheCallerHas) {
    TypedBed bed;
    must(bed.library().publish(small_draft("kit", "1.0.0")));
    constexpr std::size_t kTail = 64;
    alignas(cat_package) std::array<std::byte, sizeof(cat_package) + kTail> room{};
    auto* const package = reinterpret_cast<cat_package*>(room.data());
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{3}, sizeof(cat_package) - 1, sizeof(cat_package),
          sizeof(cat_package) + kTail, std::size_t{0xffff'ffff}}) {
        room.fill(std::byte{0x5a});
        package->struct_size = static_cast<std::uint32_t>(size);
        const hmx_status status =
            bed->get_package(bed.instance(), nullptr, str("kit"), {}, package, nullptr);
        const bool fits = size >= sizeof(cat_package);
        EXPECT_EQ(status, fits ? HMX_OK : HMX_E_INVALID_ARGUMENT) << size;
        EXPECT_TRUE(std::all_of(room.begin() + (fits ? sizeof(cat_package) : sizeof(std::uint32_t)),
                                room.end(), [](std::byte b) { return b == std::byte{0x5a}; }));
        EXPECT_EQ(package->struct_size, size);
        if (fits) package->release(package->owner);
    }
}

TEST(TypedLibrary, FillsAsMuchOfContentInfoAsThereIsRoomFor) {
    TypedBed bed;
    must(bed.library().publish(small_draft("kit", "1.0.0", {{"run", "#!", true}})));
    hmx_handle handle = 0;
    ASSERT_EQ(bed->open_content(bed.instance(), nullptr, str("kit"), str("run"), &handle, nullptr),
              HMX_OK);
    cat_content_info info;
    std::memset(&info, 0x5a, sizeof info);
    info.struct_size = offsetof(cat_content_info, size_bytes);
    ASSERT_EQ(bed->content_info(bed.instance(), handle, &info), HMX_OK);
    EXPECT_EQ(info.mode, 0755u);
    EXPECT_EQ(info.size_bytes, 0x5a5a'5a5a'5a5a'5a5au);
    info.struct_size = sizeof info;
    ASSERT_EQ(bed->content_info(bed.instance(), handle, &info), HMX_OK);
    EXPECT_EQ(info.size_bytes, 2u);
    const auto digest = must(bed.library().find("kit")).entry().digest;
    EXPECT_EQ("sha256:" + hex(info.tree),
              must(bed.library().file_table(digest)).find("run")->tree.to_string());
    info.struct_size = 1;
    EXPECT_EQ(bed->content_info(bed.instance(), handle, &info), HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(bed->content_info(bed.instance(), handle, nullptr), HMX_E_INVALID_ARGUMENT);
}

TEST(TypedLibrary, ListsPagesThatTogetherAreTheWholeList) {
    TypedBed bed;
    for (int i = 0; i < 7; ++i)
        for (const char* version : {"1.0.0", "1.1.0"})
            must(bed.library().publish(small_draft("kit" + std::to_string(i), version)));
    for (const std::uint32_t all_versions : {0u, 1u}) {
        cat_filter filter{};
        filter.struct_size = sizeof filter;
        filter.type = CAT_TYPE_ANY;
        filter.all_versions = all_versions;
        Collected collected;
        std::string cursor;
        do {
            cat_page page{};
            page.struct_size = sizeof page;
            ASSERT_EQ(bed->list_packages(bed.instance(), nullptr, &filter, 3, str(cursor),
                                         &Collected::each, &collected, &page, nullptr),
                      HMX_OK);
            EXPECT_LE(page.count, 3u);
            cursor = text(page.cursor);
            EXPECT_EQ(page.owner != nullptr, !cursor.empty());
            if (page.owner != nullptr) page.release(page.owner);
        } while (!cursor.empty());
        index::Filter same;
        same.newest_only = all_versions == 0;
        std::vector<std::string> expected;
        for (const index::IndexEntry& entry : must(bed.library().list(same, 1000)).entries)
            expected.push_back(entry.id.to_string());
        EXPECT_EQ(collected.ids, expected);
        EXPECT_EQ(expected.size(), all_versions == 0 ? 7u : 14u);
    }
    EXPECT_EQ(bed.outstanding(), 0u);
}

TEST(TypedLibrary, FiltersByTheMembersThatAFilterHas) {
    TypedBed bed;
    must(bed.library().publish(small_draft("a/kit", "1.0.0")));
    must(bed.library().publish(small_draft("b/kit", "1.0.0")));
    const auto listed = [&](const cat_filter* filter) {
        Collected collected;
        EXPECT_EQ(bed->list_packages(bed.instance(), nullptr, filter, 100, {}, &Collected::each,
                                     &collected, nullptr, nullptr),
                  HMX_OK);
        return collected.ids.size();
    };
    EXPECT_EQ(listed(nullptr), 2u);
    cat_filter filter{};
    filter.struct_size = sizeof filter;
    filter.type = CAT_TYPE_ANY;
    filter.name_prefix = str("a/");
    EXPECT_EQ(listed(&filter), 1u);
    filter.struct_size = offsetof(cat_filter, name_prefix);
    EXPECT_EQ(listed(&filter), 2u);
    filter.type = CAT_TYPE_MODEL;
    EXPECT_EQ(listed(&filter), 0u);
    Collected collected;
    for (const std::size_t size : {std::size_t{0}, offsetof(cat_filter, type)}) {
        filter.struct_size = static_cast<std::uint32_t>(size);
        EXPECT_EQ(bed->list_packages(bed.instance(), nullptr, &filter, 1, {}, &Collected::each,
                                     &collected, nullptr, nullptr),
                  HMX_E_INVALID_ARGUMENT);
    }
    filter.struct_size = sizeof filter;
    filter.type = 99;
    EXPECT_EQ(bed->list_packages(bed.instance(), nullptr, &filter, 1, {}, &Collected::each,
                                 &collected, nullptr, nullptr),
              HMX_E_INVALID_ARGUMENT);
    for (const std::uint32_t limit : {0u, 10'001u})
        EXPECT_EQ(bed->list_packages(bed.instance(), nullptr, nullptr, limit, {}, &Collected::each,
                                     &collected, nullptr, nullptr),
                  HMX_E_INVALID_ARGUMENT);
}

TEST(TypedLibrary, GivesYankedVersionsOnlyToWhoAsksForThem) {
    TypedBed bed;
    must(bed.library().publish(small_draft("kit", "1.0.0")));
    must(bed.library().change_state(must(PackageId::parse("kit@1.0.0")), "yank", "broken"));
    cat_filter filter{};
    filter.struct_size = sizeof filter;
    filter.type = CAT_TYPE_ANY;
    for (const std::uint32_t yanked : {0u, 1u}) {
        filter.include_yanked = yanked;
        Collected collected;
        EXPECT_EQ(bed->list_packages(bed.instance(), nullptr, &filter, 10, {}, &Collected::each,
                                     &collected, nullptr, nullptr),
                  HMX_OK);
        EXPECT_EQ(collected.ids.size(), yanked);
    }
}

TEST(TypedLibrary, RefusesADeadlineThatCannotBe) {
    TypedBed bed;
    must(bed.library().publish(small_draft("kit", "1.0.0")));
    hmx_call call{};
    call.struct_size = sizeof call;
    call.deadline = -1;
    cat_package package = fresh_package();
    EXPECT_EQ(bed->get_package(bed.instance(), &call, str("kit"), {}, &package, nullptr),
              HMX_E_INVALID_ARGUMENT);
    EXPECT_EQ(package.owner, nullptr);
}

TEST(TypedLibrary, SearchesBestFirst) {
    TypedBed bed;
    for (const char* name : {"small", "small/longer", "other"})
        must(bed.library().publish(small_draft(name, "1.0.0")));
    Collected collected;
    ASSERT_EQ(bed->search_packages(bed.instance(), nullptr, str("small"), nullptr, 10,
                                   &Collected::each, &collected, nullptr),
              HMX_OK);
    std::vector<std::string> expected;
    for (const index::SearchHit& hit : must(bed.library().search("small", {}, 10)))
        expected.push_back(hit.entry.id.to_string());
    EXPECT_EQ(collected.ids, expected);
    EXPECT_FALSE(expected.empty());
    EXPECT_TRUE(std::ranges::is_sorted(collected.scores, std::greater()));
    for (const std::uint32_t limit : {0u, 10'001u})
        EXPECT_EQ(bed->search_packages(bed.instance(), nullptr, str("small"), nullptr, limit,
                                       &Collected::each, &collected, nullptr),
                  HMX_E_INVALID_ARGUMENT);
}

TEST(TypedLibrary, ACallbackEndsItsWalk) {
    TypedBed bed;
    for (int i = 0; i < 5; ++i)
        must(bed.library().publish(small_draft("kit" + std::to_string(i), "1.0.0")));
    Collected collected;
    collected.answer = HMX_E_QUOTA_EXCEEDED;
    collected.answer_after = 2;
    cat_page page{};
    page.struct_size = sizeof page;
    EXPECT_EQ(bed->list_packages(bed.instance(), nullptr, nullptr, 3, {}, &Collected::each,
                                 &collected, &page, nullptr),
              HMX_E_QUOTA_EXCEEDED);
    EXPECT_EQ(collected.ids.size(), 2u);
    EXPECT_EQ(page.owner, nullptr);
}

TEST(TypedLibrary, ReadsAndMapsFilesAsTheyWerePublished) {
    TypedBed bed;
    const std::string data = noise(600'000, 1);
    must(bed.library().publish(small_draft("kit", "1.0.0", {{"data", data}})));
    hmx_handle handle = 0;
    ASSERT_EQ(bed->open_content(bed.instance(), nullptr, str("kit"), str("data"), &handle, nullptr),
              HMX_OK);
    std::string mapped;
    while (mapped.size() < data.size()) {
        hmx_buf piece{};
        const std::size_t wanted = mapped.size() % 2 == 0 ? 0 : 1000;
        ASSERT_EQ(bed->map_at(bed.instance(), handle, mapped.size(), wanted, &piece, nullptr),
                  HMX_OK);
        ASSERT_GT(piece.size, 0u);
        ASSERT_LE(piece.size, wanted == 0 ? data.size() : wanted);
        mapped += released(piece);
    }
    EXPECT_EQ(mapped, data);
    std::vector<std::uint8_t> out(65'536);
    std::size_t got = 0;
    for (const std::size_t offset : {std::size_t{0}, std::size_t{99'999}, data.size() - 10}) {
        ASSERT_EQ(
            bed->read_at(bed.instance(), handle, offset, out.data(), out.size(), &got, nullptr),
            HMX_OK);
        EXPECT_EQ(got, std::min(out.size(), data.size() - offset));
        EXPECT_EQ(std::memcmp(out.data(), data.data() + offset, got), 0);
    }
    hmx_buf piece{};
    for (const std::uint64_t beyond : {std::uint64_t{data.size()}, ~std::uint64_t{0}}) {
        EXPECT_EQ(
            bed->read_at(bed.instance(), handle, beyond, out.data(), out.size(), &got, nullptr),
            HMX_E_END);
        EXPECT_EQ(got, 0u);
        EXPECT_EQ(bed->map_at(bed.instance(), handle, beyond, 0, &piece, nullptr), HMX_E_END);
        EXPECT_EQ(piece.owner, nullptr);
    }
}

TEST(TypedLibrary, MappedBytesAndPackagesOutliveCloseAndShutdown) {
    TypedBed bed;
    const std::string data = noise(100'000, 2);
    must(bed.library().publish(small_draft("kit", "1.0.0", {{"data", data}})));
    cat_package package = fresh_package();
    ASSERT_EQ(bed->get_package(bed.instance(), nullptr, str("kit"), {}, &package, nullptr), HMX_OK);
    hmx_handle handle = 0;
    ASSERT_EQ(bed->open_content(bed.instance(), nullptr, str("kit"), str("data"), &handle, nullptr),
              HMX_OK);
    hmx_buf piece{};
    ASSERT_EQ(bed->map_at(bed.instance(), handle, 0, 0, &piece, nullptr), HMX_OK);
    EXPECT_EQ(bed->close_content(bed.instance(), handle), HMX_OK);
    EXPECT_EQ(bed->close_content(bed.instance(), handle), HMX_E_NOT_FOUND);
    bed.shut_down();
    EXPECT_EQ(bed->close_content(bed.instance(), handle), HMX_E_INVALID_STATE);
    EXPECT_EQ(extension_api().destroy(bed.instance(), nullptr), HMX_E_BUSY);
    EXPECT_EQ(text(package.id), "kit@1.0.0");
    package.release(package.owner);
    EXPECT_EQ(extension_api().destroy(bed.instance(), nullptr), HMX_E_BUSY);
    const std::size_t size = piece.size;
    EXPECT_EQ(released(piece), data.substr(0, size));
}

TEST(TypedLibrary, GivesNoByteOfAFileThatWasDamaged) {
    TypedBed bed;
    const std::string data = noise(400'000, 3);
    must(bed.library().publish(small_draft("kit", "1.0.0", {{"data", data}})));
    const std::string pack = bed.library_path() + "/packs/00000001.pack";
    std::fstream file(pack, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file) << pack;
    const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(pack) / 2);
    file.seekg(middle);
    const int byte = file.get();
    file.seekp(middle);
    file.put(static_cast<char>(byte ^ 0x20));
    file.flush();
    hmx_handle handle = 0;
    ASSERT_EQ(bed->open_content(bed.instance(), nullptr, str("kit"), str("data"), &handle, nullptr),
              HMX_OK);
    std::vector<std::uint8_t> out(data.size(), 0x5a);
    std::size_t got = 1;
    hmx_error error = fresh_error();
    EXPECT_EQ(bed->read_at(bed.instance(), handle, 0, out.data(), out.size(), &got, &error),
              HMX_E_CORRUPT);
    EXPECT_EQ(error.code, HMX_E_CORRUPT);
    EXPECT_EQ(got, 0u);
    EXPECT_TRUE(std::ranges::all_of(out, [](int b) { return b == 0 || b == 0x5a; }));
    // Everything before the damage can be had, and nothing that is wrong.
    std::size_t at = 0;
    hmx_status status = HMX_OK;
    while (status == HMX_OK && at < data.size()) {
        hmx_buf piece{};
        status = bed->map_at(bed.instance(), handle, at, 0, &piece, nullptr);
        if (status != HMX_OK) break;
        const std::string bytes = released(piece);
        ASSERT_EQ(bytes, data.substr(at, bytes.size()));
        at += bytes.size();
    }
    EXPECT_EQ(status, HMX_E_CORRUPT);
    EXPECT_GT(at, 0u);
}

TEST(TypedLibrary, AnswersOnlyWhileTheInstanceRuns) {
    TypedBed bed;
    must(bed.library().publish(small_draft("kit", "1.0.0")));
    cat_package package = fresh_package();
    ASSERT_EQ(extension_api().pause(bed.instance(), nullptr), HMX_OK);
    EXPECT_EQ(bed->get_package(bed.instance(), nullptr, str("kit"), {}, &package, nullptr),
              HMX_E_AGAIN);
    ASSERT_EQ(extension_api().resume(bed.instance(), nullptr), HMX_OK);
    hmx_call call{};
    call.struct_size = sizeof call;
    call.deadline = 1;
    EXPECT_EQ(bed->get_package(bed.instance(), &call, str("kit"), {}, &package, nullptr),
              HMX_E_DEADLINE_EXCEEDED);
    call.deadline = 0;
    call.principal = str("stranger");
    ASSERT_EQ(bed->get_package(bed.instance(), &call, str("kit"), {}, &package, nullptr), HMX_OK);
    package.release(package.owner);
    call.principal = str("\xff");
    EXPECT_EQ(bed->get_package(bed.instance(), &call, str("kit"), {}, &package, nullptr),
              HMX_E_INVALID_ARGUMENT);
    bed.shut_down();
    EXPECT_EQ(bed->get_package(bed.instance(), nullptr, str("kit"), {}, &package, nullptr),
              HMX_E_INVALID_STATE);
}

}  // namespace
}  // namespace catalog::extension::testing
