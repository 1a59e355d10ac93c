#include "support/content/encryption_samples.hpp"

#include <utility>

#include "support/core/randoms.hpp"
#include "support/io/results.hpp"

namespace catalog::content::testing {

std::shared_ptr<const StoreEncryption> sample_encryption(std::uint32_t generations,
                                                         std::uint64_t seed, const StoreId& store) {
    auto encryption = std::make_shared<StoreEncryption>();
    encryption->store = store;
    fakes::SeededRandom random(seed);
    for (std::uint32_t i = 1; i <= generations; ++i)
        encryption->keys.add(KeyGeneration{i}, io::testing::must(StoreKey::generate(random)));
    encryption->random = std::make_shared<fakes::SeededRandom>(seed + 1);
    return encryption;
}

std::shared_ptr<const StoreEncryption> newest_alone(const StoreEncryption& encryption) {
    auto left = std::make_shared<StoreEncryption>();
    left->store = encryption.store;
    left->random = encryption.random;
    const StoreKeyRing& keys = encryption.keys;
    const auto first = io::testing::must(keys.first());
    left->keys.add(keys.oldest(), io::testing::must(StoreKey::from_remains(first->id_key(),
                                                                           first->database_key())));
    left->keys.add(keys.newest(), io::testing::must(keys.of(keys.newest())));
    return left;
}

PackOptions encrypted(PackOptions options, std::shared_ptr<const StoreEncryption> encryption) {
    options.encryption = std::move(encryption);
    return options;
}

}  // namespace catalog::content::testing
