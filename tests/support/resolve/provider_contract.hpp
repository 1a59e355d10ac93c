#pragma once
// What every DependencyProvider must do. Instantiate for a provider with
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ProviderContract, MyProviderMaker);
//
// where `std::unique_ptr<DependencyProvider> MyProviderMaker::make(const std::vector<RepoEntry>&)`
// makes a provider of exactly these packages.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "support/resolve/repo.hpp"

namespace catalog::resolve::testing {

template <class Maker>
class ProviderContract : public ::testing::Test {
protected:
    static std::unique_ptr<DependencyProvider> make(std::string_view text) {
        return Maker::make(Repo(text).entries());
    }
};

TYPED_TEST_SUITE_P(ProviderContract);

TYPED_TEST_P(ProviderContract, ListsEveryVersionOnce) {
    auto provider = this->make("a 1.0.0\na 2.0.0 yanked\na 1.1.0-rc.1\nb 1.0.0");
    auto listed = provider->versions("a");
    ASSERT_TRUE(listed) << listed.error().to_string();
    std::sort(listed->begin(), listed->end(),
              [](const Candidate& x, const Candidate& y) { return x.version < y.version; });
    ASSERT_EQ(listed->size(), 3u);
    EXPECT_EQ((*listed)[0], (Candidate{ver("1.0.0"), false, ""}));
    EXPECT_EQ((*listed)[1], (Candidate{ver("1.1.0-rc.1"), false, ""}));
    EXPECT_EQ((*listed)[2], (Candidate{ver("2.0.0"), true, ""}));
}

TYPED_TEST_P(ProviderContract, AnUnknownNameHasNoVersionsAndNoProviders) {
    auto provider = this->make("a 1.0.0");
    const auto listed = provider->versions("nobody");
    ASSERT_TRUE(listed) << listed.error().to_string();
    EXPECT_TRUE(listed->empty());
    const auto providers = provider->providers("nobody");
    ASSERT_TRUE(providers) << providers.error().to_string();
    EXPECT_TRUE(providers->empty());
}

TYPED_TEST_P(ProviderContract, ARecordIsWhatWasPublished) {
    auto provider = this->make(
        "a 1.0.0 ; needs b ^1, optional c ^2 [x] -default @linux-*, d ^1 | e ^2 ; conflicts f <2 ; "
        "provides v 3.0.0 ; feature default = dep:c b/y");
    const auto record = provider->record("a", {ver("1.0.0"), false, ""});
    ASSERT_TRUE(record) << record.error().to_string();
    ASSERT_EQ(record->dependencies.size(), 3u);
    EXPECT_EQ(to_text(record->dependencies[0]), "b ^1");
    EXPECT_EQ(to_text(record->dependencies[1]), "optional c ^2 [x] -default @linux-*");
    EXPECT_EQ(to_text(record->dependencies[2]), "d ^1 | e ^2");
    ASSERT_EQ(record->conflicts.size(), 1u);
    EXPECT_EQ(record->conflicts[0].name, "f");
    ASSERT_EQ(record->provides.size(), 1u);
    EXPECT_EQ(record->provides[0].name, "v");
    ASSERT_EQ(record->features.count("default"), 1u);
    EXPECT_EQ(record->features.at("default"), (std::vector<std::string>{"dep:c", "b/y"}));
}

TYPED_TEST_P(ProviderContract, ARecordThatIsNotThereIsAnError) {
    auto provider = this->make("a 1.0.0");
    const auto record = provider->record("a", {ver("9.0.0"), false, ""});
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().code(), Errc::kProviderFailed);
}

TYPED_TEST_P(ProviderContract, ProvidersNameTheVersionOfTheVirtualPackage) {
    auto provider = this->make("a 1.0.0 ; provides v 3.0.0\na 1.1.0\nb 2.0.0 ; provides v 3.1.0");
    auto providers = provider->providers("v");
    ASSERT_TRUE(providers) << providers.error().to_string();
    std::sort(providers->begin(), providers->end(),
              [](const auto& x, const auto& y) { return x.package < y.package; });
    ASSERT_EQ(providers->size(), 2u);
    EXPECT_EQ((*providers)[0].package, "a");
    EXPECT_EQ((*providers)[0].candidate.version, ver("1.0.0"));
    EXPECT_EQ((*providers)[0].provided, ver("3.0.0"));
    EXPECT_EQ((*providers)[1].provided, ver("3.1.0"));
}

TYPED_TEST_P(ProviderContract, AnswersDoNotChange) {
    auto provider = this->make("a 1.0.0\na 1.1.0");
    const auto once = provider->versions("a");
    const std::vector<std::string> names{"a"};
    provider->prefetch(names);
    const auto again = provider->versions("a");
    ASSERT_TRUE(once && again);
    EXPECT_EQ(*once, *again);
}

REGISTER_TYPED_TEST_SUITE_P(ProviderContract, ListsEveryVersionOnce,
                            AnUnknownNameHasNoVersionsAndNoProviders, ARecordIsWhatWasPublished,
                            ARecordThatIsNotThereIsAnError,
                            ProvidersNameTheVersionOfTheVirtualPackage, AnswersDoNotChange);

}  // namespace catalog::resolve::testing
