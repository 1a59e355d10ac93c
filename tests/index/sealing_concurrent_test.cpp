// Who reads one moment reads the same while versions are published, sealed and merged.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::must;

std::string line_of(int number) {
    return R"({"name":"p)" + std::to_string(number % 10) + R"(","version":"1.)" +
           std::to_string(number) + R"(.0","description":"word )" + std::to_string(number) +
           R"(","keywords":["word"]})";
}

std::string everything(const PackageIndex& index) {
    std::string text;
    must(index.for_each([&](const IndexEntry& entry) -> Result<void> {
        text += entry.id.to_string() + (entry.yanked ? "y" : "") + entry.description + "\n";
        return {};
    }));
    Filter all;
    all.newest_only = false;
    all.include_yanked = true;
    for (const SearchHit& hit : must(index.search("word", all, 1'000)))
        text += hit.entry.id.to_string() + std::to_string(hit.score) + "\n";
    return text;
}

TEST(IndexMoments, AreReadAlikeWhileSegmentsAreSealedAndMerged) {
    IndexBed bed(IndexForm::kDelta);
    for (int number = 0; number < 20; ++number) bed.add(line_of(number));
    std::atomic<bool> done{false};
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 3; ++reader)
        readers.emplace_back([&] {
            while (!done.load()) {
                const std::shared_ptr<const PackageIndex> fixed = must(bed.index->fixed());
                const std::string first = everything(*fixed);
                for (int again = 0; again < 3; ++again) EXPECT_EQ(everything(*fixed), first);
                EXPECT_GE(must(bed.index->counts()).versions, 20U);
            }
        });
    for (int number = 20; number < 60; ++number) {
        bed.add(line_of(number));
        bed.change("p" + std::to_string(number % 10) + "@1." + std::to_string(number) + ".0",
                   std::nullopt, number % 2 == 0);
        if (number % 3 == 0) bed.seal();
        if (number % 12 == 0) bed.merge(2, number % 24 == 0);
    }
    done = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(must(bed.index->verify()), std::vector<std::string>());
}

TEST(IndexMoments, NoVersionIsMissedWhileItIsSealed) {
    IndexBed bed(IndexForm::kDelta);
    for (int number = 0; number < 10; ++number) bed.add(line_of(number));
    std::atomic<bool> done{false};
    std::thread reader([&] {
        while (!done.load()) {
            for (int number = 0; number < 10; ++number) {
                const std::string id =
                    "p" + std::to_string(number) + "@1." + std::to_string(number) + ".0";
                EXPECT_TRUE(bed.index->find(must(PackageId::parse(id)))) << id;
            }
        }
    });
    for (int number = 10; number < 40; ++number) {
        bed.add(line_of(number));
        bed.seal(3);
        if (number % 8 == 0) bed.merge(2, true);
    }
    done = true;
    reader.join();
}

}  // namespace
}  // namespace catalog::index
