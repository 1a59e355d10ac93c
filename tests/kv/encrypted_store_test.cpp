// Encrypted stores: nothing to be read in their files, and only for who has the key.

#include <gtest/gtest.h>

#include "encrypted_file_system.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::kv {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using testing::must_open;
using testing::names_ending;
using testing::small_follower;
using testing::small_store;
using testing::store_key;

constexpr Family kFirst{0};
constexpr Family kSecond{1};

OpenOptions encrypted(OpenOptions options) {
    options.encryption_key = store_key();
    return options;
}

std::string word(int i) { return "SECRETWORD" + std::to_string(100 + i); }

/// Writes 40 batches in four lives, so that there are tables, logs and manifests of some age.
void fill(const std::shared_ptr<SimulatedFileSystem>& fs, const OpenOptions& options) {
    for (int life = 0; life < 4; ++life) {
        const auto store = must_open(fs, "/db", options);
        for (int i = 0; i < 10; ++i) {
            WriteBatch batch;
            batch.put(kFirst, "key " + word(life * 10 + i), "value " + word(life * 10 + i));
            batch.put(kSecond, word(i), std::string(3000, 'S') + word(life));
            must(store->write(batch, Durability::kSync));
        }
        std::string big;
        for (int i = 0; i < 20'000; ++i) big += word(i % 100);
        WriteBatch batch;
        batch.put(kSecond, "big", big);
        must(store->write(batch, Durability::kSync));
    }
}

std::string all_bytes(SimulatedFileSystem& fs) {
    std::string bytes;
    for (const io::DirectoryEntry& entry : must(fs.list("/db")))
        bytes += entry.name + must(io::read_file(fs, "/db/" + entry.name, 1u << 26));
    return bytes;
}

TEST(EncryptedStore, ShowsNothingOfWhatItHolds) {
    const auto plain = SimulatedFileSystem::make();
    OpenOptions options = small_store(2);
    options.encryption_key = {};
    fill(plain, options);
    const auto fs = SimulatedFileSystem::make();
    fill(fs, encrypted(options));
    const std::string in_the_clear = all_bytes(*plain);
    EXPECT_GT(names_ending(*fs, "/db", ".sst").size(), 0u);
    for (const std::string_view secret : {"SECRETWORD", "key ", "value", "family0", "family1",
                                          "MANIFEST-0000", "rocksdb", "leveldb"})
        EXPECT_NE(in_the_clear.find(secret), std::string::npos) << secret << ": a search finds it";
    for (const io::DirectoryEntry& entry : must(fs->list("/db"))) {
        const std::string file = must(io::read_file(*fs, "/db/" + entry.name, 1u << 26));
        for (const std::string_view secret : {"SECRETWORD", "key ", "value", "family", "MANIFEST",
                                              "rocksdb", "leveldb", "SSSSSS", "default", "CKVd"})
            EXPECT_EQ(file.find(secret), std::string::npos) << entry.name << " " << secret;
        if (file.empty()) continue;  // the lock
        EXPECT_TRUE(begins_encrypted(as_bytes(file))) << entry.name;
    }
}

TEST(EncryptedStore, KeepsEverythingOverCrashesAndOpenings) {
    auto fs = SimulatedFileSystem::make();
    fill(fs, encrypted(small_store(2)));
    for (int crash = 0; crash < 3; ++crash) {
        fs = fs->recover(io::testing::CrashPolicy::kDropUnsynced);
        const auto follower = must_open(fs, "/db", encrypted(small_follower(2)));
        const auto store = must_open(fs, "/db", encrypted(small_store(2)));
        for (int i = 0; i < 40; ++i) {
            EXPECT_EQ(must(store->get(kFirst, "key " + word(i))), "value " + word(i));
            EXPECT_EQ(must(follower->get(kFirst, "key " + word(i))), "value " + word(i));
        }
        EXPECT_TRUE(must(store->verify()).empty());
        WriteBatch batch;
        batch.put(kFirst, "crash", std::to_string(crash));
        must(store->write(batch, Durability::kSync));
        must(follower->refresh());
        EXPECT_EQ(must(follower->get(kFirst, "crash")), std::to_string(crash));
    }
}

TEST(EncryptedStore, OpensWithItsKeyAlone) {
    const auto fs = SimulatedFileSystem::make();
    fill(fs, encrypted(small_store(2)));
    const std::string before = all_bytes(*fs);
    for (const bool read_only : {false, true}) {
        OpenOptions options = read_only ? small_follower(2) : small_store(2);
        options.encryption_key = {};
        EXPECT_EQ(code_of(open_rocksdb(fs, "/db", options)), Errc::kKeyInvalid) << "without";
        options.encryption_key = as_bytes("another key of thirty-two bytes.");
        const auto wrong = open_rocksdb(fs, "/db", options);
        ASSERT_FALSE(wrong);
        EXPECT_EQ(wrong.error().code(), Errc::kKeyInvalid);
        EXPECT_EQ(wrong.error().input(), "/db");
        EXPECT_NE(wrong.error().message().find("another key"), std::string_view::npos);
        EXPECT_FALSE(wrong.error().hint().empty());
        options.encryption_key = as_bytes("short");
        EXPECT_EQ(code_of(open_rocksdb(fs, "/db", options)), Errc::kInvalidArgument);
    }
    EXPECT_EQ(all_bytes(*fs), before) << "trying changes nothing";
    EXPECT_TRUE(open_rocksdb(fs, "/db", encrypted(small_store(2))));
}

TEST(EncryptedStore, IsEncryptedFromItsFirstOpeningOnOrNever) {
    const auto fs = SimulatedFileSystem::make();
    OpenOptions options = small_store(2);
    options.encryption_key = {};
    fill(fs, options);
    EXPECT_EQ(code_of(open_rocksdb(fs, "/db", encrypted(small_store(2)))), Errc::kKeyInvalid);
    EXPECT_TRUE(open_rocksdb(fs, "/db", options));
}

TEST(EncryptedStore, NeedsTheKeyForTheOpeningAlone) {
    const auto fs = SimulatedFileSystem::make();
    fill(fs, encrypted(small_store(2)));
    std::unique_ptr<KeyValueStore> follower;
    {
        const std::string key(as_text(store_key()));
        OpenOptions options = small_follower(2);
        options.encryption_key = as_bytes(key);
        follower = must_open(fs, "/db", options);
    }
    const auto store = must_open(fs, "/db", encrypted(small_store(2)));
    WriteBatch batch;
    batch.put(kFirst, "later", "value");
    must(store->write(batch, Durability::kSync));
    must(follower->refresh());
    EXPECT_EQ(must(follower->get(kFirst, "later")), "value");
}

TEST(EncryptedStore, DoesWithoutARightIdentityFile) {
    const auto fs = SimulatedFileSystem::make();
    fill(fs, encrypted(small_store(2)));
    must(fs->corrupt("/db/IDENTITY", 20, 1));
    const auto store = must_open(fs, "/db", encrypted(small_store(2)));
    EXPECT_EQ(must(store->get(kFirst, "key " + word(39))), "value " + word(39));
}

TEST(EncryptedStore, IsSalvagedWhenALogsHeadIsDamaged) {
    const auto fs = SimulatedFileSystem::make();
    {
        const auto store = must_open(fs, "/db", encrypted(small_store(2)));
        WriteBatch batch;
        batch.put(kFirst, "a", "1");
        must(store->write(batch, Durability::kSync));
    }
    const auto logs = names_ending(*fs, "/db", ".log");
    ASSERT_EQ(logs.size(), 1u);
    must(fs->corrupt("/db/" + logs[0], 20, 1));
    EXPECT_EQ(code_of(open_rocksdb(fs, "/db", encrypted(small_store(2)))), Errc::kDatabaseCorrupt);
    EXPECT_EQ(code_of(open_rocksdb(fs, "/db", encrypted(small_follower(2)))),
              Errc::kDatabaseCorrupt);
    OpenOptions options = encrypted(small_store(2));
    options.salvage = std::make_shared<Salvage>();
    {
        const auto store = must_open(fs, "/db", options);
        EXPECT_EQ(must(store->get(kFirst, "a")), std::nullopt);
        EXPECT_EQ(options.salvage->damages.size(), 1u);
        EXPECT_TRUE(options.salvage->changes.empty());
        WriteBatch batch;
        batch.put(kFirst, "b", "2");
        must(store->write(batch, Durability::kSync));
    }
    const auto store = must_open(fs, "/db", encrypted(small_store(2)));
    EXPECT_EQ(must(store->get(kFirst, "b")), "2");
}

/// A source that gives nothing.
class NoRandom final : public Random {
public:
    [[nodiscard]] Result<void> fill(std::span<std::byte>) override {
        return fail(Errc::kRandomUnavailable, "there are no random bytes");
    }
};

TEST(EncryptedStore, IsNotMadeWithoutRandomBytes) {
    const auto fs = SimulatedFileSystem::make();
    OpenOptions options = encrypted(small_store(2));
    options.random = std::make_shared<NoRandom>();
    const auto made = open_rocksdb(fs, "/db", options);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), Errc::kDatabaseOpen);
    EXPECT_NE(made.error().to_string().find("random"), std::string::npos);
    EXPECT_TRUE(open_rocksdb(fs, "/db", encrypted(small_store(2))));
}

}  // namespace
}  // namespace catalog::kv
