#pragma once
// A small store that was closed, for fuzzing: its folder, its records, and what was put into it.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/internal/crc32c.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/byte_feed.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::fuzz {

using fakes::require;
using io::testing::CrashPolicy;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using testing::RealContentBed;

constexpr PackId kOwnPack{1};
constexpr PackId kForeignPack{2};

inline std::string path_of(PackId pack) { return "/library/packs/" + pack_file_name(pack); }

inline ContentOptions options_of(std::shared_ptr<io::FileSystem> disk) {
    static const std::shared_ptr<Executor> executor = make_thread_pool(1);
    ContentOptions options = testing::options_on(std::move(disk), testing::kTinyChunks);
    options.executor = executor;
    return options;
}

struct ClosedStore {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::unique_ptr<kv::KeyValueStore> records;
    std::map<ContentHash, Bytes> contents;

    // Objects of one chunk and of many, raw, compressed, and deltas; all in pack 1.
    static const ClosedStore& sample() {
        static const ClosedStore made = [] {
            ClosedStore store;
            RealContentBed bed(options_of(store.disk));
            for (const Bytes& bytes :
                 {testing::noise(700, 1), testing::prose(1500, 2),
                  testing::edited(testing::prose(1500, 2), 2, 3), testing::noise(13, 4)})
                store.contents[bed.put(bytes).id] = bytes;
            store.records = testing::copy_of(bed.store());
            return store;
        }();
        return made;
    }
    [[nodiscard]] ClosedStore copy() const {
        return {disk->recover(CrashPolicy::kKeepAll), testing::copy_of(*records), contents};
    }
    [[nodiscard]] RealContentBed open() {
        return RealContentBed(options_of(disk), std::move(records));
    }

    [[nodiscard]] std::string pack(PackId pack) const {
        return must(io::read_file(*disk, path_of(pack), 1u << 20));
    }
    void write_pack(PackId pack, std::string_view bytes) const { write(path_of(pack), bytes); }
    void write(const std::string& path, std::string_view bytes) const {
        const auto file = must(disk->open_write(path, io::OpenMode::kTruncate));
        must(file->append(as_bytes(bytes)));
        must(file->close());
    }
    void lose(const std::string& key) const {
        kv::WriteBatch batch;
        batch.remove(testing::kBedFamilies.packs, key);
        must(records->write(batch, kv::Durability::kSync));
    }

    // A header as the store's own packs have it.
    [[nodiscard]] static std::string header_of(PackId pack) {
        PackHeader header = must(decode_pack_header(as_bytes(sample().pack(kOwnPack))));
        header.pack = pack;
        return encode_pack_header(header);
    }
};

// Returns how many objects cannot be read; what can be read is right.
inline std::size_t count_hurt(RealContentBed& bed, const std::map<ContentHash, Bytes>& contents) {
    std::size_t hurt = 0;
    for (const auto& [id, bytes] : contents) {
        const auto read = bed.get(id);
        if (read) require(*read == bytes);
        if (!read) {
            const Errc code = read.error().code();
            require(code == Errc::kContentCorrupted || code == Errc::kContentNotFound);
            ++hurt;
        }
    }
    return hurt;
}

// Takes bytes for records: the checksums, which a fuzzer hits by no chance, are made right.
inline std::string records_of(std::string_view in) {
    constexpr std::size_t kStoredBytesAt = 12;
    constexpr std::size_t kPayloadCrcAt = 48;
    std::string out;
    while (in.size() >= kRecordHeaderBytes) {
        std::string header(in.substr(0, kPayloadCrcAt));
        in.remove_prefix(kRecordHeaderBytes);
        const auto stored = load_le<std::uint32_t>(as_bytes(header).data() + kStoredBytesAt);
        const std::string_view payload = in.substr(0, stored);
        in.remove_prefix(payload.size());
        append_le(header, internal::crc32c(as_bytes(payload)));
        append_le(header, internal::crc32c(as_bytes(header)));
        out += header;
        out += payload;
        out.append((kRecordAlignment - out.size() % kRecordAlignment) % kRecordAlignment, '\0');
    }
    return out + std::string(in);
}

}  // namespace catalog::content::fuzz
