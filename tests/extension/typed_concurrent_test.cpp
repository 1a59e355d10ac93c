// Typed calls from many threads while packages are published.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/kv/thread_sanitizer.hpp"
#include "support/library/library_bed.hpp"
#include "typed_bed.hpp"

namespace catalog::extension::testing {
namespace {

using io::testing::must;
using library::testing::noise;
using library::testing::small_draft;

constexpr int kVersions = 30;

std::string version_of(int number) { return "1." + std::to_string(number) + ".0"; }

TEST(TypedConcurrent, EveryAnswerIsAPublishedStateAndOldOnesStayAsTheyWere) {
    TypedBed bed;
    must(bed.library().publish(small_draft("kit", version_of(0))));
    std::atomic<int> published{0};
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> answers{0};
    const auto look = [&] {
        struct Held {
            cat_package package;
            std::string id;
            std::string manifest;
        };
        std::vector<Held> held;
        std::uint32_t newest = 0;
        while (!stop.load()) {
            const auto at_least = static_cast<std::uint32_t>(published.load());
            cat_package package = fresh_package();
            ASSERT_EQ(
                bed->get_package(bed.instance(), nullptr, str("kit"), str("^1"), &package, nullptr),
                HMX_OK);
            // Never behind a publish that had returned, never back in time.
            ASSERT_GE(package.version_minor, at_least);
            ASSERT_GE(package.version_minor, newest);
            newest = package.version_minor;
            ASSERT_EQ(text(package.version), version_of(static_cast<int>(newest)));
            ASSERT_EQ(package::digest_of_manifest(view(package.metadata_json)).to_string(),
                      "sha256:" + hex(package.digest));
            answers.fetch_add(1);
            if (held.empty() || held.back().id != text(package.id))
                held.push_back({package, text(package.id), text(package.metadata_json)});
            else
                package.release(package.owner);
        }
        for (const Held& each : held) {
            EXPECT_EQ(text(each.package.id), each.id);
            EXPECT_EQ(text(each.package.metadata_json), each.manifest);
            each.package.release(each.package.owner);
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(look);
    for (int number = 1; number <= kVersions; ++number) {
        must(bed.library().publish(small_draft("kit", version_of(number))));
        published.store(number);
    }
    const std::uint64_t enough = answers.load() + 100;
    while (answers.load() < enough) std::this_thread::yield();
    stop.store(true);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(bed.outstanding(), 0u);
}

TEST(TypedConcurrent, HandlesAreOpenedReadAndClosedSideBySide) {
    TypedBed bed;
    const std::string data = noise(300'000, 4);
    must(bed.library().publish(small_draft("kit", "1.0.0", {{"data", data}})));
    hmx_handle shared = 0;
    ASSERT_EQ(bed->open_content(bed.instance(), nullptr, str("kit"), str("data"), &shared, nullptr),
              HMX_OK);
    const auto work = [&](std::size_t seed) {
        std::vector<std::uint8_t> out(20'000);
        for (std::size_t round = 0; round < 30; ++round) {
            const std::size_t offset = (seed * 7'919 + round * 10'007) % data.size();
            hmx_handle own = 0;
            ASSERT_EQ(
                bed->open_content(bed.instance(), nullptr, str("kit"), str("data"), &own, nullptr),
                HMX_OK);
            for (const hmx_handle handle : {own, shared}) {
                std::size_t got = 0;
                ASSERT_EQ(bed->read_at(bed.instance(), handle, offset, out.data(), out.size(), &got,
                                       nullptr),
                          HMX_OK);
                ASSERT_TRUE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(got),
                                       as_bytes(data).begin() + static_cast<std::ptrdiff_t>(offset),
                                       [](std::uint8_t a, std::byte b) {
                                           return a == std::to_integer<std::uint8_t>(b);
                                       }));
                hmx_buf piece{};
                ASSERT_EQ(bed->map_at(bed.instance(), handle, offset, 0, &piece, nullptr), HMX_OK);
                ASSERT_EQ(as_text(std::as_bytes(std::span(piece.data, piece.size))),
                          std::string_view(data).substr(offset, piece.size));
                piece.release(piece.owner);
            }
            ASSERT_EQ(bed->close_content(bed.instance(), own), HMX_OK);
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 4; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(bed.outstanding(), 0u);
}

}  // namespace
}  // namespace catalog::extension::testing
