#include "catalog/security/transparency_log.hpp"

#include <gtest/gtest.h>

#include "catalog/merkle/tree.hpp"
#include "support/io/results.hpp"

namespace catalog::security {
namespace {

using io::testing::code_of;
using io::testing::must;

constexpr kv::Family kLogFamily{0};

LogEntry entry_number(std::uint64_t number) {
    LogEntry entry;
    entry.event = "publish";
    entry.id = "kit@1.0." + std::to_string(number);
    entry.digest = "sha256:" + std::string(64, 'a');
    entry.envelope_digest = "sha256:" + std::string(64, 'b');
    entry.principal = "owner";
    entry.time = WallTime(std::chrono::microseconds(1000 + number));
    return entry;
}

/// A log in memory.
class LogBed {
public:
    LogBed()
        : store_(kv::make_memory_store(1)),
          queue_(*store_),
          log_(*store_, kLogFamily, "catalog/test") {}

    std::uint64_t append(const LogEntry& entry) {
        std::uint64_t index = 0;
        kv::Commit commit;
        commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
            const Result<std::uint64_t> staged = log_.stage_append(view, batch, entry);
            if (!staged) return fail(staged.error());
            index = *staged;
            return {};
        };
        must(queue_.submit(std::move(commit)));
        return index;
    }

    kv::KeyValueStore& store() { return *store_; }
    kv::CommitQueue& queue() { return queue_; }
    TransparencyLog& log() { return log_; }

private:
    std::unique_ptr<kv::KeyValueStore> store_;
    kv::CommitQueue queue_;
    TransparencyLog log_;
};

TEST(TransparencyLog, ProvesEveryEntryAndEveryPrefix) {
    LogBed bed;
    std::vector<merkle::TreeHash> leaves;
    std::vector<merkle::TreeHash> roots{merkle::empty_root()};
    constexpr std::uint64_t kEntries = 21;
    for (std::uint64_t i = 0; i < kEntries; ++i) {
        EXPECT_EQ(bed.append(entry_number(i)), i);
        leaves.push_back(merkle::leaf_hash(as_bytes(entry_number(i).encode())));
        roots.push_back(merkle::root_of(leaves));
        EXPECT_EQ(must(bed.log().head()), (Checkpoint{"catalog/test", i + 1, roots.back()}));
    }
    for (std::uint64_t size = 1; size <= kEntries; ++size) {
        for (std::uint64_t index = 0; index < size; ++index) {
            const auto proof = must(bed.log().inclusion_proof(index, size));
            EXPECT_TRUE(merkle::verify_inclusion(leaves[index], index, size, proof, roots[size]));
        }
        const auto proof = must(bed.log().consistency_proof(size, kEntries));
        EXPECT_TRUE(
            merkle::verify_consistency(size, roots[size], kEntries, roots[kEntries], proof));
    }
    EXPECT_EQ(must(bed.log().entry(4)), entry_number(4));
    EXPECT_EQ(code_of(bed.log().entry(kEntries)), Errc::kNotFound);
    EXPECT_EQ(code_of(bed.log().inclusion_proof(0, kEntries + 1)), Errc::kInvalidArgument);
    EXPECT_TRUE(must(bed.log().verify()).empty());
}

TEST(TransparencyLog, NoticesAChangedEntryAndAChangedNode) {
    for (const std::string& key :
         {std::string("e\0\0\0\0\0\0\0\2", 9), std::string("n\1\0\0\0\0\0\0\0\1", 10)}) {
        LogBed bed;
        for (std::uint64_t i = 0; i < 5; ++i) bed.append(entry_number(i));
        ASSERT_TRUE(must(bed.store().get(kLogFamily, key)));
        kv::WriteBatch batch;
        batch.put(kLogFamily, key,
                  key.front() == 'e' ? entry_number(99).encode() : std::string(32, 'x'));
        must(bed.store().write(batch, kv::Durability::kSync));
        EXPECT_FALSE(must(bed.log().verify()).empty());
    }
}

TEST(TransparencyLog, KeepsTheNewestSignedCheckpoint) {
    LogBed bed;
    EXPECT_EQ(must(bed.log().signed_checkpoint()), std::nullopt);
    for (const auto& [note, size] :
         {std::pair("o\n5\nr\n", 5u), std::pair("o\n4\nr\n", 4u), std::pair("o\n6\nr\n", 6u)}) {
        kv::Commit commit;
        commit.prepare = [&bed, note = note, size = size](const kv::CommitView& view,
                                                          kv::WriteBatch& batch) {
            return bed.log().stage_checkpoint(view, batch, note, size);
        };
        must(bed.queue().submit(std::move(commit)));
        EXPECT_EQ(must(bed.log().signed_checkpoint()), size == 4u ? "o\n5\nr\n" : note);
    }
}

TEST(LogEntry, ReadsWhatItWrote) {
    LogEntry entry = entry_number(1);
    EXPECT_EQ(must(LogEntry::decode(entry.encode())), entry);
    entry.reason = "because \"of\" that";
    entry.envelope_digest.clear();
    EXPECT_EQ(must(LogEntry::decode(entry.encode())), entry);
    EXPECT_EQ(code_of(LogEntry::decode("{}")), Errc::kCheckpointInvalid);
    EXPECT_EQ(code_of(LogEntry::decode("[]")), Errc::kCheckpointInvalid);
    EXPECT_EQ(code_of(LogEntry::decode(" " + entry.encode())), Errc::kCheckpointInvalid);
}

TEST(LogEntry, IsReadInTheFormInWhichItIsWrittenAlone) {
    const LogEntry entry = entry_number(1);
    const std::string text = entry.encode();
    EXPECT_EQ(must(LogEntry::decode(text)), entry);
    const auto with = [&](std::string_view piece, std::string_view instead) {
        std::string changed = text;
        return changed.replace(changed.find(piece), piece.size(), instead);
    };
    for (const std::string& changed :
         {with("{", "{ "), with("}", ",\"zzz\":1}"), with("\"owner\"", "null"),
          with("\"time_us\"", "\"reason\":\"\",\"time_us\""), with("1001", "1001.5"), text + "\n",
          std::string("[]")})
        EXPECT_EQ(code_of(LogEntry::decode(changed)), Errc::kCheckpointInvalid) << changed;
}

}  // namespace
}  // namespace catalog::security
