// The log: an entry that is accepted is byte for byte what would be written, and a leaf or a node
// that was replaced is found.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/kv/commit_queue.hpp"
#include "catalog/security/transparency_log.hpp"
#include "support/core/byte_feed.hpp"

namespace {

using namespace catalog;            // NOLINT: one file, one program
using namespace catalog::security;  // NOLINT
using fakes::require;

constexpr kv::Family kLog{0};
constexpr std::uint64_t kEntries = 5;

LogEntry some_entry(std::uint64_t number) {
    LogEntry entry;
    entry.event = number % 2 == 0 ? "publish" : "yank";
    entry.id = "kit@1.0." + std::to_string(number);
    entry.digest = "sha256:" + std::string(64, 'a');
    entry.principal = "owner";
    entry.time = WallTime(std::chrono::microseconds(1000 + number));
    return entry;
}

/// A log of a few entries in memory, and the keys of its records.
class Bed {
public:
    Bed() {
        kv::CommitQueue queue(*store_);
        for (std::uint64_t i = 0; i < kEntries; ++i) {
            kv::Commit commit;
            commit.prepare = [&](const kv::CommitView& view,
                                 kv::WriteBatch& batch) -> Result<void> {
                const Result<std::uint64_t> at = log_.stage_append(view, batch, some_entry(i));
                if (!at) return fail(at.error());
                return {};
            };
            require(queue.submit(std::move(commit)).has_value());
        }
        const std::unique_ptr<kv::Iterator> at = store_->iterate(kLog);
        for (at->seek(""); at->valid(); at->next()) keys_.emplace_back(at->key());
    }

    void replace(std::uint8_t which, const std::string& value) {
        const std::string& key = keys_[which % keys_.size()];
        const std::string before = **store_->get(kLog, key);
        put(key, value);
        const Result<std::vector<std::string>> problems = log_.verify();
        (void)log_.head();
        (void)log_.inclusion_proof(0, kEntries);
        // A smaller size makes a log of its own; the signed checkpoint tells then.
        if (key != "s") require(value == before || !problems || !problems->empty());
        put(key, before);
        require(log_.verify()->empty());
    }

private:
    void put(const std::string& key, const std::string& value) {
        kv::WriteBatch batch;
        batch.put(kLog, key, value);
        require(store_->write(batch, kv::Durability::kSync).has_value());
    }

    std::unique_ptr<kv::KeyValueStore> store_ = kv::make_memory_store(1);
    TransparencyLog log_{*store_, kLog, "catalog/test"};
    std::vector<std::string> keys_;
};

void try_text(std::string_view text) {
    const Result<LogEntry> entry = LogEntry::decode(text);
    if (!entry)
        require(entry.error().code() == Errc::kCheckpointInvalid);
    else
        require(entry->encode() == text && LogEntry::decode(text) == *entry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    try_text(input);

    fakes::ByteFeed feed(input);
    const std::uint8_t which = feed.byte();
    static Bed bed;
    bed.replace(which, std::string(feed.rest()));

    LogEntry entry;
    // Up to 2^53 in magnitude: what every reader of JSON keeps exactly.
    entry.time = WallTime(
        std::chrono::microseconds(static_cast<std::int64_t>(feed.number() >> 10) - (1ll << 53)));
    bool representable = true;
    for (std::string* text : {&entry.event, &entry.id, &entry.digest, &entry.envelope_digest,
                              &entry.reason, &entry.principal}) {
        *text = feed.text();
        representable = representable && is_utf8(*text);
    }
    const Result<LogEntry> again = LogEntry::decode(entry.encode());
    require(again.has_value());
    require(!representable || *again == entry);
    return 0;
}
