#include "catalog/index/lazy_package.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/index/index_bed.hpp"

namespace catalog::index {
namespace {

using io::testing::code_of;
using io::testing::must;

TEST(LazyPackage, IsReadOnceForManyThreads) {
    IndexBed bed;
    const IndexEntry entry = bed.add(R"({"name":"kit","version":"1.0.0"})");
    const LazyPackage package(bed.index, entry);
    EXPECT_FALSE(package.is_loaded());
    std::vector<const package::Manifest*> seen(8, nullptr);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < seen.size(); ++i)
        threads.emplace_back([&, i, copy = package] { seen[i] = must(copy.manifest()).get(); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(package.is_loaded());
    for (const package::Manifest* manifest : seen) EXPECT_EQ(manifest, seen.front());
}

TEST(LazyPackage, TriesAgainAfterAFailedRead) {
    IndexBed bed;
    const IndexEntry entry = bed.add(R"({"name":"kit","version":"1.0.0"})");
    const std::string key(as_text(entry.digest.hash.bytes()));
    const std::string manifest = *must(bed.store->get(kv::Family{0}, key));
    kv::WriteBatch away;
    away.remove(kv::Family{0}, key);
    must(bed.store->write(away, kv::Durability::kSync));
    const LazyPackage package(bed.index, entry);
    EXPECT_EQ(code_of(package.manifest()), Errc::kPackageNotFound);
    kv::WriteBatch back;
    back.put(kv::Family{0}, key, manifest);
    must(bed.store->write(back, kv::Durability::kSync));
    EXPECT_TRUE(package.manifest());
}

}  // namespace
}  // namespace catalog::index
