#include "support/library/asset_registries.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/core/fake_clock.hpp"
#include "support/io/results.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::code_of;
using io::testing::must;

AssetSpec numbered_spec(int number) {
    AssetSpec spec;
    spec.key = "kit@1.0." + std::to_string(number);
    spec.kind = std::string(kPackageAsset);
    return spec;
}

TEST(FakeAssetRegistry, GivesNoIdentityTwice) {
    FakeAssetRegistry fake(std::make_shared<fakes::FakeClock>());
    std::set<std::array<std::byte, 16>> seen;
    for (int i = 0; i < 1000; ++i) {
        const AssetRecord record = must(fake.register_asset(numbered_spec(i), {}));
        EXPECT_TRUE(seen.insert(record.uuid).second) << i;
    }
}

/// A register whose second call fails.
struct FaultyBed {
    explicit FaultyBed(bool after)
        : faulty(
              fake, [](std::size_t call) { return call == 1; }, Error(Errc::kNetwork, "gone"),
              after) {}
    std::shared_ptr<FakeAssetRegistry> fake =
        std::make_shared<FakeAssetRegistry>(std::make_shared<fakes::FakeClock>());
    FaultyAssetRegistry faulty;
};

TEST(FaultyAssetRegistry, FailsTheChosenCallBeforeItArrives) {
    FaultyBed bed(/*after=*/false);
    const AssetRecord record = must(bed.faulty.register_asset(numbered_spec(0), {}));
    EXPECT_EQ(code_of(bed.faulty.remove_asset("kit@1.0.0", record, {})), Errc::kNetwork);
    EXPECT_EQ(bed.fake->assets().size(), 1u);
    must(bed.faulty.remove_asset("kit@1.0.0", record, {}));
    EXPECT_EQ(bed.faulty.calls(), 3u);
}

TEST(FaultyAssetRegistry, FailsTheChosenCallWhenItIsDone) {
    FaultyBed bed(/*after=*/true);
    must(bed.faulty.register_asset(numbered_spec(0), {}));
    EXPECT_EQ(code_of(bed.faulty.register_asset(numbered_spec(1), {})), Errc::kNetwork);
    EXPECT_EQ(bed.fake->assets().size(), 2u);
}

}  // namespace
}  // namespace catalog::library::testing
