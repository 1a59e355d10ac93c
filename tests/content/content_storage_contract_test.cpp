#include "support/content/content_storage_contract.hpp"

#include "support/content/encryption_samples.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

ContentOptions on_simulated_disk(std::uint64_t pack_bytes_max) {
    ContentOptions options;
    options.file_system = io::testing::SimulatedFileSystem::make();
    options.directory = "/library";
    options.packs.pack_bytes_max = pack_bytes_max;
    return options;
}

ContentOptions sealed(ContentOptions options) {
    options.packs.encryption = sample_encryption();
    return options;
}

ContentOptions with_profile(ContentOptions options, ChunkProfile profile, int level) {
    options.profile = profile;
    options.compression_level = level;
    return options;
}

INSTANTIATE_TEST_SUITE_P(
    Storages, ContentStorageContract,
    ::testing::Values(
        BedMaker{"Fake", make_fake_content_bed},
        BedMaker{"MemoryBackend", [] { return std::make_unique<RealContentBed>(); }},
        BedMaker{"Packs",
                 [] { return std::make_unique<RealContentBed>(on_simulated_disk(64u << 20)); }},
        BedMaker{"SmallPacks",
                 [] { return std::make_unique<RealContentBed>(on_simulated_disk(64u << 10)); }},
        BedMaker{
            "Encrypted",
            [] { return std::make_unique<RealContentBed>(sealed(on_simulated_disk(64u << 20))); }},
        BedMaker{
            "EncryptedSmallPacks",
            [] { return std::make_unique<RealContentBed>(sealed(on_simulated_disk(64u << 10))); }},
        BedMaker{"SmallChunksRaw",
                 [] {
                     return std::make_unique<RealContentBed>(
                         with_profile(on_simulated_disk(1u << 20), kSmallChunks, 0));
                 }}),
    [](const auto& bed) { return bed.param.name; });

}  // namespace
}  // namespace catalog::content::testing
