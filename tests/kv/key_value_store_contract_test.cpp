#include "support/kv/key_value_store_contract.hpp"

#include "support/kv/faulty_key_value_store.hpp"

namespace catalog::kv::testing {
namespace {

std::string contract_name(const ::testing::TestParamInfo<StoreMaker>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    , KeyValueStoreContract,
    ::testing::Values(StoreMaker{"Memory", [](std::size_t n) { return make_memory_store(n); }},
                      StoreMaker{"FaultyWithoutFaults",
                                 [](std::size_t n) -> std::unique_ptr<KeyValueStore> {
                                     return std::make_unique<FaultyKeyValueStore>(
                                         make_memory_store(n));
                                 }}),
    contract_name);

}  // namespace
}  // namespace catalog::kv::testing
