#pragma once
// What every AssetRegistry must do. An implementation runs it with a default-constructible type:
//
//   struct Mine { AssetRegistry& registry(); const Clock& clock(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, AssetRegistryContract, Mine);

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "catalog/library/asset_registry.hpp"

namespace catalog::library::testing {

template <class World>
class AssetRegistryContract : public ::testing::Test {
protected:
    static AssetSpec spec(const std::string& key, std::string_view kind = kPackageAsset) {
        AssetSpec spec;
        spec.key = key;
        spec.kind = std::string(kind);
        spec.name = key;
        spec.description = "a \"described\" asset";
        spec.size_bytes = 1234;
        spec.metadata.emplace("license", "MIT");
        return spec;
    }
    template <class T>
    static std::optional<Errc> code(const Result<T>& result) {
        return result ? std::nullopt : std::optional(result.error().code());
    }

    World world_;
};

TYPED_TEST_SUITE_P(AssetRegistryContract);

TYPED_TEST_P(AssetRegistryContract, GivesEveryKeyAnIdentityOfItsOwn) {
    std::set<std::string> identities;
    for (int i = 0; i < 20; ++i) {
        const auto record = this->world_.registry().register_asset(
            this->spec("kit@1.0." + std::to_string(i)), CallContext());
        ASSERT_TRUE(record) << record.error().to_string();
        EXPECT_EQ(record->type_name, kPackageAsset);
        identities.insert(record->to_string());
    }
    EXPECT_EQ(identities.size(), 20u);
}

TYPED_TEST_P(AssetRegistryContract, TheSameKeyGivesTheSameAsset) {
    const auto first = this->world_.registry().register_asset(this->spec("kit@1.0.0"), {});
    const auto again = this->world_.registry().register_asset(this->spec("kit@1.0.0"), {});
    ASSERT_TRUE(first && again);
    EXPECT_EQ(*first, *again);
}

TYPED_TEST_P(AssetRegistryContract, KeepsKindsApart) {
    const auto record = this->world_.registry().register_asset(
        this->spec("/prefix#kit@1.0.0", kInstallationAsset), {});
    ASSERT_TRUE(record);
    EXPECT_EQ(record->type_name, kInstallationAsset);
}

TYPED_TEST_P(AssetRegistryContract, WhatWasRemovedIsGoneAndCanComeBack) {
    const auto spec = this->spec("kit@1.0.0");
    const auto record = this->world_.registry().register_asset(spec, {});
    ASSERT_TRUE(record);
    EXPECT_TRUE(this->world_.registry().remove_asset(spec.key, *record, {}));
    EXPECT_EQ(this->code(this->world_.registry().remove_asset(spec.key, *record, {})),
              Errc::kNotFound);
    EXPECT_EQ(this->code(this->world_.registry().update_asset(*record, spec, {})), Errc::kNotFound);
    const auto back = this->world_.registry().register_asset(spec, {});
    ASSERT_TRUE(back);
    EXPECT_NE(back->uuid, record->uuid);
}

TYPED_TEST_P(AssetRegistryContract, AnUpdateKeepsTheIdentity) {
    auto spec = this->spec("kit@1.0.0");
    const auto record = this->world_.registry().register_asset(spec, {});
    ASSERT_TRUE(record);
    spec.description = "another";
    EXPECT_TRUE(this->world_.registry().update_asset(*record, spec, {}));
    const auto again = this->world_.registry().register_asset(spec, {});
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, *record);
}

TYPED_TEST_P(AssetRegistryContract, AnotherIdentityIsNotFound) {
    const auto spec = this->spec("kit@1.0.0");
    const auto record = this->world_.registry().register_asset(spec, {});
    ASSERT_TRUE(record);
    AssetRecord other = *record;
    other.uuid[0] ^= std::byte{1};
    EXPECT_EQ(this->code(this->world_.registry().update_asset(other, spec, {})), Errc::kNotFound);
    EXPECT_EQ(this->code(this->world_.registry().remove_asset(spec.key, other, {})),
              Errc::kNotFound);
    const auto still = this->world_.registry().register_asset(spec, {});
    ASSERT_TRUE(still);
    EXPECT_EQ(*still, *record);
}

TYPED_TEST_P(AssetRegistryContract, AStoppedCallIsCancelledAndChangesNothing) {
    const auto spec = this->spec("kit@1.0.0");
    std::stop_source stop;
    stop.request_stop();
    CallContext context;
    context.stop = stop.get_token();
    EXPECT_EQ(this->code(this->world_.registry().register_asset(spec, context)), Errc::kCancelled);
    const auto record = this->world_.registry().register_asset(spec, {});
    ASSERT_TRUE(record);
    EXPECT_EQ(this->code(this->world_.registry().update_asset(*record, spec, context)),
              Errc::kCancelled);
    EXPECT_EQ(this->code(this->world_.registry().remove_asset(spec.key, *record, context)),
              Errc::kCancelled);
    EXPECT_TRUE(this->world_.registry().update_asset(*record, spec, {}));
}

TYPED_TEST_P(AssetRegistryContract, ADeadlineThatHasPassedIsKept) {
    CallContext context;
    context.deadline = this->world_.clock().now_monotonic() - std::chrono::nanoseconds(1);
    EXPECT_EQ(this->code(this->world_.registry().register_asset(this->spec("kit@1.0.0"), context)),
              Errc::kDeadlineExceeded);
}

REGISTER_TYPED_TEST_SUITE_P(AssetRegistryContract, GivesEveryKeyAnIdentityOfItsOwn,
                            TheSameKeyGivesTheSameAsset, KeepsKindsApart,
                            WhatWasRemovedIsGoneAndCanComeBack, AnUpdateKeepsTheIdentity,
                            AnotherIdentityIsNotFound, AStoppedCallIsCancelledAndChangesNothing,
                            ADeadlineThatHasPassedIsKept);

}  // namespace catalog::library::testing
