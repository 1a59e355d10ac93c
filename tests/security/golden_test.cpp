// What is signed and how it is stored must never change: fixed input against recorded bytes, and
// recorded bytes against fixed values.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "catalog/kv/commit_queue.hpp"
#include "catalog/merkle/hash.hpp"
#include "catalog/security/checkpoint.hpp"
#include "catalog/security/ed25519.hpp"
#include "catalog/security/envelope.hpp"
#include "catalog/security/file_key_store.hpp"
#include "catalog/security/transparency_log.hpp"
#include "support/core/golden.hpp"
#include "support/core/key_stores.hpp"
#include "support/core/randoms.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::security {
namespace {

using io::testing::must;
using io::testing::SimulatedFileSystem;

constexpr kv::Family kLogFamily{0};
constexpr std::string_view kLogOrigin = "catalog/000102030405060708090a0b0c0d0e0f";

PublicKey key_of(KeyStore& keys, KeyPurpose purpose) {
    return must(keys.default_key(purpose)).public_key;
}

package::PackageDigest fixed_digest() { return {merkle::hash_of(as_bytes("a manifest"))}; }

std::vector<LogEntry> fixed_entries() {
    LogEntry publish;
    publish.event = "publish";
    publish.id = "acme/tensor-kit@1.4.2-rc.1+build.7";
    publish.digest = fixed_digest().to_string();
    publish.envelope_digest = merkle::hash_of(as_bytes("an envelope")).to_string();
    publish.principal = "ada";
    publish.time = WallTime(std::chrono::microseconds(1'700'000'000'000'001));
    LogEntry yank = publish;
    yank.event = "yank";
    yank.envelope_digest.clear();
    yank.reason = "too \"fast\"\n\xe2\x82\xac";
    yank.principal = "";
    yank.time = WallTime(std::chrono::microseconds(-1));
    return {publish, yank, publish};
}

Checkpoint fixed_checkpoint() {
    return {std::string(kLogOrigin), 1'234'567, merkle::hash_of(as_bytes("a root"))};
}

/// Makes both key files from a fixed seed.
std::shared_ptr<SimulatedFileSystem> fixed_key_files() {
    auto fs = SimulatedFileSystem::make();
    FileKeyStore store(fs, "/keys");
    fakes::SeededRandom random(11);
    must(store.create(KeyPurpose::kPublisher, random));
    must(store.create(KeyPurpose::kLibrary, random));
    return fs;
}

TEST(GoldenEnvelope, IsWritten) {
    fakes::MemoryKeyStore keys(1);
    golden::expect("security/envelope.json", must(sign_package(keys, fixed_digest())).encode());
}

TEST(GoldenEnvelope, IsReadAndVerifies) {
    fakes::MemoryKeyStore keys(1);
    const PublicKey key = key_of(keys, KeyPurpose::kPublisher);
    const Envelope envelope = must(Envelope::decode(golden::read("security/envelope.json")));
    EXPECT_EQ(envelope.payload_type, "application/vnd.catalog.package-digest.v1");
    EXPECT_EQ(envelope.payload, fixed_digest().to_string());
    ASSERT_EQ(envelope.signatures.size(), 1u);
    EXPECT_EQ(envelope.signatures[0].key_id, key_id(key));
    must(verify_package(envelope, fixed_digest(), {key}));
}

TEST(GoldenLog, EntriesAreWritten) {
    std::string lines;
    for (const LogEntry& entry : fixed_entries()) lines += entry.encode() + "\n";
    golden::expect("security/log-entries.jsonl", lines);
}

TEST(GoldenLog, EntriesAreRead) {
    std::istringstream lines(golden::read("security/log-entries.jsonl"));
    std::vector<LogEntry> entries;
    for (std::string line; std::getline(lines, line);)
        entries.push_back(must(LogEntry::decode(line)));
    EXPECT_EQ(entries, fixed_entries());
}

/// A log of the fixed entries with a signed checkpoint of all of them, in a store.
std::unique_ptr<kv::KeyValueStore> fixed_log() {
    std::unique_ptr<kv::KeyValueStore> store = kv::make_memory_store(1);
    kv::CommitQueue queue(*store);
    TransparencyLog log(*store, kLogFamily, std::string(kLogOrigin));
    for (const LogEntry& entry : fixed_entries()) {
        kv::Commit commit;
        commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
            const Result<std::uint64_t> index = log.stage_append(view, batch, entry);
            if (!index) return fail(index.error());
            return {};
        };
        must(queue.submit(std::move(commit)));
    }
    fakes::MemoryKeyStore keys(1);
    const Checkpoint head = must(log.head());
    const std::string note = must(sign_checkpoint(keys, head));
    kv::Commit commit;
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) {
        return log.stage_checkpoint(view, batch, note, head.size);
    };
    must(queue.submit(std::move(commit)));
    return store;
}

TEST(GoldenLog, RecordsAreWritten) {
    const auto store = fixed_log();
    golden::HexLines records;
    const auto at = store->iterate(kLogFamily);
    for (at->seek(""); at->valid(); at->next())
        records.add(to_hex(as_bytes(at->key())), at->value());
    golden::expect("security/log_records_v1.txt", records.text());
}

TEST(GoldenLog, RecordsAreRead) {
    const auto store = kv::make_memory_store(1);
    kv::WriteBatch batch;
    for (const auto& [key, value] : golden::HexLines::read("security/log_records_v1.txt"))
        batch.put(kLogFamily, std::string(as_text(must(from_hex(key)))), value);
    must(store->write(batch, kv::Durability::kSync));
    const TransparencyLog log(*store, kLogFamily, std::string(kLogOrigin));
    const std::vector<LogEntry> entries = fixed_entries();
    EXPECT_EQ(must(log.size()), entries.size());
    for (std::uint64_t i = 0; i < entries.size(); ++i)
        EXPECT_EQ(must(log.entry(i)), entries[static_cast<std::size_t>(i)]);
    EXPECT_EQ(must(log.verify()), std::vector<std::string>());
    fakes::MemoryKeyStore keys(1);
    const std::string note = must(log.signed_checkpoint()).value_or("");
    EXPECT_EQ(must(open_checkpoint(note, kLogOrigin, key_of(keys, KeyPurpose::kLibrary))),
              must(log.head()));
}

TEST(GoldenCheckpoint, IsWritten) {
    fakes::MemoryKeyStore keys(1);
    golden::expect("security/checkpoint.txt", must(sign_checkpoint(keys, fixed_checkpoint())));
}

TEST(GoldenCheckpoint, IsReadAndVerifies) {
    fakes::MemoryKeyStore keys(1);
    EXPECT_EQ(must(open_checkpoint(golden::read("security/checkpoint.txt"), kLogOrigin,
                                   key_of(keys, KeyPurpose::kLibrary))),
              fixed_checkpoint());
}

TEST(GoldenKeyFile, PublisherIsWritten) {
    golden::expect("security/publisher.key",
                   must(io::read_file(*fixed_key_files(), "/keys/publisher.key", 4096)));
}

TEST(GoldenKeyFile, LibraryIsWritten) {
    golden::expect("security/library.key",
                   must(io::read_file(*fixed_key_files(), "/keys/library.key", 4096)));
}

TEST(GoldenKeyFile, FilesAreRead) {
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/keys"));
    for (const std::string name : {"publisher.key", "library.key"})
        must(io::write_file_durably(*fs, "/keys/" + name,
                                    as_bytes(golden::read("security/" + name)), 0600));
    FileKeyStore store(fs, "/keys");
    fakes::SeededRandom random(11);
    for (const KeyPurpose purpose : {KeyPurpose::kPublisher, KeyPurpose::kLibrary}) {
        const PublicKey wanted = must(SecretKey::generate(random)).public_key();
        const KeyInfo read = must(store.default_key(purpose));
        EXPECT_EQ(read.public_key, wanted);
        EXPECT_EQ(read.purpose, purpose);
        const Signature signature = must(store.sign(read.id, as_bytes("message")));
        EXPECT_TRUE(fakes::signature_holds(wanted, as_bytes("message"), signature));
    }
}

}  // namespace
}  // namespace catalog::security
