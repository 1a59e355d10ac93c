#pragma once
// An encrypted store on a simulated disk.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/content/content_bed.hpp"
#include "support/content/encryption_samples.hpp"
#include "support/content/sample_bytes.hpp"
#include "support/core/executors.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {

inline const std::string kPacks = "/library/packs";
inline const std::string kFirstPack = "/library/packs/00000001.pack";

// An encrypted store on a simulated disk, over a key-value store in memory.
struct SealedBed {
    std::shared_ptr<io::testing::SimulatedFileSystem> disk =
        io::testing::SimulatedFileSystem::make();
    std::map<ContentHash, Bytes> contents;
    std::unique_ptr<RealContentBed> bed;

    explicit SealedBed(std::uint64_t pack_bytes_max = 64u << 20) {
        ContentOptions options = options_on(disk, kSmallChunks, pack_bytes_max);
        options.packs.encryption = sample_encryption();
        bed = std::make_unique<RealContentBed>(std::move(options));
    }
    ContentHash add(const Bytes& bytes) {
        const ContentHash id = bed->put(bytes).id;
        contents[id] = bytes;
        return id;
    }
    // Objects of many chunks, alike ones, small ones.
    void fill(std::uint64_t seed = 0) {
        const Bytes text = prose(20'000, seed + 1);
        add(text);
        add(edited(text, 4, seed + 2));
        add(noise(9'000, seed + 3));
        add(noise(13, seed + 4));
    }
    [[nodiscard]] ContentOptions& options() const { return bed->options(); }
    void reopen(std::shared_ptr<const StoreEncryption> encryption) {
        bed->options().packs.encryption = std::move(encryption);
        bed->reopen();
    }
    // Loses power, and opens what is found then; the database keeps everything.
    void recover(io::testing::CrashPolicy policy, std::uint64_t seed) {
        disk = disk->recover(policy, seed);
        bed->options().file_system = disk;
        bed->reopen();
    }
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> paths;
        for (const io::DirectoryEntry& entry : io::testing::must(disk->list(kPacks)))
            paths.push_back(io::join_path(kPacks, entry.name));
        return paths;
    }
    [[nodiscard]] Bytes bytes_of(const std::string& path) const {
        return to_bytes(as_bytes(io::testing::must(io::read_file(*disk, path, 1u << 30))));
    }
    void expect_all_readable() const {
        for (const auto& [id, bytes] : contents) EXPECT_EQ(io::testing::must(bed->get(id)), bytes);
    }
    // Opens the store with other options; the error's code, or nothing.
    [[nodiscard]] std::optional<Errc> open_error(
        std::shared_ptr<const StoreEncryption> encryption) const {
        ContentOptions options = bed->options();
        options.packs.encryption = std::move(encryption);
        options.store = &bed->store();
        options.families = kBedFamilies;
        options.clock = make_system_clock();
        options.executor = make_thread_pool(1);
        options.read_only = true;
        return io::testing::code_of(ContentAddressedStorage::open(std::move(options)));
    }
    [[nodiscard]] VerifyReport verify() const {
        return io::testing::must(bed->storage().verify(VerifyDepth::kFull, CallContext()));
    }
};

}  // namespace catalog::content::testing
