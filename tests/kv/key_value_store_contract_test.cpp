#include "support/kv/key_value_store_contract.hpp"

#include "support/io/simulated_file_system.hpp"
#include "support/kv/faulty_key_value_store.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::kv::testing {
namespace {

std::unique_ptr<KeyValueStore> make_faulty(std::size_t families) {
    return std::make_unique<FaultyKeyValueStore>(make_memory_store(families));
}

std::unique_ptr<KeyValueStore> make_simulated(std::size_t families) {
    return must_open(io::testing::SimulatedFileSystem::make(), "/db", small_store(families));
}

std::unique_ptr<KeyValueStore> make_encrypted(std::size_t families) {
    OpenOptions options = small_store(families);
    options.encryption_key = store_key();
    return must_open(io::testing::SimulatedFileSystem::make(), "/db", options);
}

std::string contract_name(const ::testing::TestParamInfo<StoreMaker>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(, KeyValueStoreContract,
                         ::testing::Values(StoreMaker{"Memory", make_memory_store},
                                           StoreMaker{"FaultyWithoutFaults", make_faulty},
                                           StoreMaker{"RocksDbInAFolder",
                                                      make_store_in_temporary_folder},
                                           StoreMaker{"RocksDbOnASimulatedDisk", make_simulated},
                                           StoreMaker{"EncryptedRocksDb", make_encrypted}),
                         contract_name);

}  // namespace
}  // namespace catalog::kv::testing
