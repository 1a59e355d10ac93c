// The host's register of assets through its table.

#include "services/assets.hpp"

#include <gtest/gtest.h>

#include "catalog/json/read.hpp"
#include "support/extension/fake_services.hpp"
#include "support/library/asset_registry_contract.hpp"

namespace catalog::extension::testing {
namespace {

using library::AssetRecord;
using library::AssetSpec;
using When = FakeServices::When;

template <When kWhen>
struct HostRegister {
    HostRegister() { host.when = kWhen; }
    ~HostRegister() { host.settle(); }  // a second completion may still be on its way
    FakeServices host;
    std::shared_ptr<Clock> time = make_system_clock();
    std::shared_ptr<library::AssetRegistry> made = make_host_assets(&host.assets(), time);
    library::AssetRegistry& registry() { return *made; }
    const Clock& clock() { return *time; }
};
using InlineRegister = HostRegister<When::kInline>;
using LateRegister = HostRegister<When::kLate>;
using TwiceRegister = HostRegister<When::kTwice>;

AssetSpec kit_spec() {
    AssetSpec spec;
    spec.key = "kit@1.0.0";
    spec.kind = "package";
    spec.name = "kit@1.0.0";
    spec.description = "a \"kit\"\n";
    spec.size_bytes = 77;
    spec.metadata.emplace("license", "MIT");
    return spec;
}

TEST(HostAssets, NeedsATableThatCanNumberCreateAndRemove) {
    LateRegister world;
    const auto clock = make_system_clock();
    EXPECT_EQ(make_host_assets(nullptr, clock), nullptr);
    hmx_svc_assets table = world.host.assets();
    table.type_id = nullptr;
    EXPECT_EQ(make_host_assets(&table, clock), nullptr);
    table = world.host.assets();
    table.update = nullptr;
    const auto without_updates = make_host_assets(&table, clock);
    ASSERT_NE(without_updates, nullptr);
    const auto record = without_updates->register_asset(kit_spec(), {});
    ASSERT_TRUE(record);
    EXPECT_EQ(without_updates->update_asset(*record, kit_spec(), {}).error().code(),
              Errc::kUnsupported);
}

TEST(HostAssets, SendsWhatTheHostNeedsToKnow) {
    LateRegister world;
    ASSERT_TRUE(world.registry().register_asset(kit_spec(), {}));
    const auto document = json::read(world.host.last_spec());
    ASSERT_TRUE(document);
    EXPECT_EQ(*document->find("key")->as_string(), "kit@1.0.0");
    EXPECT_EQ(*document->find("kind")->as_string(), "package");
    EXPECT_EQ(*document->find("description")->as_string(), "a \"kit\"\n");
    EXPECT_EQ(*document->find("size_bytes")->as_int(), 77);
    EXPECT_EQ(document->find("digest")->as_string()->substr(0, 7), "sha256:");
    EXPECT_EQ(*document->find("metadata")->find("license")->as_string(), "MIT");
}

// What is damaged or out of space is the host's register, not the library.
TEST(HostAssets, TheStateOfTheRegisterIsNotThatOfTheLibrary) {
    for (const hmx_status status : {HMX_E_CORRUPT, HMX_E_STORAGE, HMX_E_SIGNATURE_INVALID}) {
        LateRegister world;
        world.host.completes = status;
        const auto record = world.registry().register_asset(kit_spec(), {});
        ASSERT_FALSE(record);
        EXPECT_EQ(record.error().code(), Errc::kIo) << status;
    }
    LateRegister world;
    world.host.completes = HMX_E_QUOTA_EXCEEDED;
    const auto record = world.registry().register_asset(kit_spec(), {});
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().code(), Errc::kLimitExceeded);
}

TEST(HostAssets, TheIdentityComesOverWhole) {
    LateRegister world;
    const auto record = world.registry().register_asset(kit_spec(), {});
    ASSERT_TRUE(record);
    EXPECT_EQ(record->type, library::kNamedAssetType);
    EXPECT_EQ(record->type_name, "package");
    EXPECT_EQ(record->chain_hash,
              library::asset_chain_hash(record->type, record->uuid, record->created));
}

TEST(HostAssets, EveryFailureIsAnError) {
    for (hmx_status status = 1; status < HMX_STATUS_COUNT + 2; ++status) {
        LateRegister world;
        world.host.completes = status;
        world.host.message = "no";
        EXPECT_FALSE(world.registry().register_asset(kit_spec(), {})) << status;
        world.host.completes = HMX_OK;
        world.host.refuses = status;
        EXPECT_FALSE(world.registry().register_asset(kit_spec(), {})) << status;
        world.host.settle();
    }
    LateRegister world;
    world.host.gives_nothing = true;
    EXPECT_FALSE(world.registry().register_asset(kit_spec(), {}));
    world.host.completes = HMX_E_QUOTA_EXCEEDED;
    world.host.message = "10 000 assets are enough";
    const auto refused = world.registry().register_asset(kit_spec(), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::kLimitExceeded);
    EXPECT_NE(refused.error().message().find("10 000 assets"), std::string_view::npos);
}

TEST(HostAssets, ADeadlineCancels) {
    LateRegister world;
    world.host.when = When::kCancelled;
    const auto clock = make_system_clock();
    CallContext context;
    context.deadline = clock->now_monotonic() + std::chrono::milliseconds(5);
    const auto late = world.registry().register_asset(kit_spec(), context);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), Errc::kDeadlineExceeded);
    EXPECT_EQ(world.host.cancelled().size(), 1u);
}

}  // namespace
}  // namespace catalog::extension::testing

namespace catalog::library::testing {
namespace {

// The suite lives in this namespace, and so do its instances.
INSTANTIATE_TYPED_TEST_SUITE_P(InlineHost, AssetRegistryContract,
                               extension::testing::InlineRegister);
INSTANTIATE_TYPED_TEST_SUITE_P(LateHost, AssetRegistryContract, extension::testing::LateRegister);
INSTANTIATE_TYPED_TEST_SUITE_P(HostThatCompletesTwice, AssetRegistryContract,
                               extension::testing::TwiceRegister);

}  // namespace
}  // namespace catalog::library::testing
