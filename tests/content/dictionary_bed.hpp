#pragma once
// A store of small packs that soon has a dictionary, on a simulated disk.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/content/pack_format.hpp"
#include "support/content/content_bed.hpp"
#include "support/content/encryption_samples.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/executors.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {

using io::testing::CrashPolicy;
using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;

inline constexpr std::uint64_t kDictionaryPackBytes = 24'000;

// Small texts that share phrases, and no longer stretch that a delta could start from.
inline Bytes relative(std::uint64_t number) {
    static const Bytes family = noise(3000, 77);
    SeededRandom random(number + 1);
    Bytes text;
    for (int piece = 0; piece < 16; ++piece) {
        const auto at = static_cast<std::ptrdiff_t>(random.below(2950));
        text.insert(text.end(), family.begin() + at, family.begin() + at + 40);
        const Bytes own = noise(6, number * 100 + static_cast<std::uint64_t>(piece));
        text.insert(text.end(), own.begin(), own.end());
    }
    return text;
}

struct DictionaryBed {
    std::shared_ptr<SimulatedFileSystem> disk;
    std::unique_ptr<RealContentBed> bed;
    std::map<ContentHash, Bytes> contents;
    std::uint64_t next = 0;

    explicit DictionaryBed(std::shared_ptr<SimulatedFileSystem> fs = SimulatedFileSystem::make(),
                           std::unique_ptr<kv::KeyValueStore> store = nullptr,
                           bool is_encrypted = false)
        : disk(std::move(fs)),
          bed(std::make_unique<RealContentBed>(options_on(disk, is_encrypted), std::move(store))) {}

    static ContentOptions options_on(std::shared_ptr<io::FileSystem> disk, bool is_encrypted) {
        ContentOptions options;
        options.file_system = std::move(disk);
        options.directory = "/library";
        options.profile = {ChunkAlgorithm::kFastCdc2020, 256, 1024, 4096, 0};
        options.packs.pack_bytes_max = kDictionaryPackBytes;
        options.executor = std::make_shared<fakes::ManualExecutor>();
        options.dictionaries.at_ingest = true;
        options.dictionaries.train_after_bytes = 20'000;
        options.dictionaries.sample_bytes_max = 20'000;
        options.dictionaries.dictionary_bytes_max = 4096;
        options.dictionaries.repack_train_bytes = 20'000;
        if (is_encrypted) options.packs = encrypted(options.packs);
        return options;
    }
    void add(const Bytes& bytes) { contents[bed->put(bytes).id] = bytes; }
    void add_relatives(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) add(relative(next++));
    }
    // Has trained, and some packs with the dictionary.
    void fill() { add_relatives(220); }

    [[nodiscard]] ContentAddressedStorage& storage() const { return bed->storage(); }
    [[nodiscard]] StorageStats stats() const { return must(storage().stats()); }
    [[nodiscard]] std::vector<std::string> packs() const {
        std::vector<std::string> paths;
        for (const io::DirectoryEntry& entry : must(disk->list("/library/packs")))
            if (parse_pack_file_name(entry.name)) paths.push_back("/library/packs/" + entry.name);
        return paths;
    }
    // The first records of packs in the clear that are dictionaries, by path.
    [[nodiscard]] std::map<std::string, RecordHeader> dictionaries() const {
        std::map<std::string, RecordHeader> found;
        for (const std::string& path : packs()) {
            const std::string bytes = must(io::read_file(*disk, path, 1u << 30));
            if (bytes.size() <= kPackHeaderBytes) continue;
            const auto header = decode_record_header(as_bytes(bytes).subspan(kPackHeaderBytes));
            if (header && header->codec == Codec::kDictionary) found.emplace(path, *header);
        }
        return found;
    }
    void expect_readable() const {
        for (const auto& [id, bytes] : contents) EXPECT_EQ(must(bed->get(id)), bytes);
    }
    [[nodiscard]] VerifyReport verify(VerifyDepth depth = VerifyDepth::kFull) const {
        return must(storage().verify(depth, CallContext()));
    }
    void expect_clean() const {
        for (const VerifyDepth depth :
             {VerifyDepth::kQuick, VerifyDepth::kStructure, VerifyDepth::kFull})
            for (const Damage& damage : verify(depth).damages)
                ADD_FAILURE() << damage.where << ": " << damage.what;
    }
    [[nodiscard]] std::set<ContentHash> hurt(const VerifyReport& report) const {
        std::set<ContentHash> objects;
        for (const Damage& damage : report.damages)
            objects.insert(damage.objects.begin(), damage.objects.end());
        return objects;
    }
    [[nodiscard]] std::set<ContentHash> unreadable() const {
        std::set<ContentHash> failed;
        for (const auto& [id, bytes] : contents) {
            const auto read = bed->get(id);
            EXPECT_TRUE(!read || *read == bytes);
            if (!read) failed.insert(id);
        }
        return failed;
    }
    // Opens what is on the disk once more, knowing nothing of it.
    [[nodiscard]] DictionaryBed reopened() const {
        DictionaryBed again(disk->recover(CrashPolicy::kKeepAll), copy_of(bed->store()));
        again.contents = contents;
        again.next = next;
        return again;
    }
};

}  // namespace catalog::content::testing
