#include "catalog/core/errc.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace catalog {
namespace {

struct Row {
    Errc code;
    int number;
    std::string_view enumerator;
    std::string_view name;
    ErrorCategory category;
    std::int32_t status;
};

const std::vector<Row>& table() {
    static const std::vector<Row> kRows = {
#define CATALOG_TEST_ROW(enumerator, number, name, category, status) \
    {Errc::enumerator, number, #enumerator, name, ErrorCategory::category, status},
        CATALOG_ERRC_TABLE(CATALOG_TEST_ROW)
#undef CATALOG_TEST_ROW
    };
    return kRows;
}

TEST(Errc, EveryRowIsWhatTheFunctionsSay) {
    for (const Row& row : table()) {
        EXPECT_EQ(static_cast<int>(row.code), row.number) << row.enumerator;
        EXPECT_EQ(errc_name(row.code), row.name);
        EXPECT_EQ(errc_category(row.code), row.category) << row.name;
        EXPECT_EQ(errc_abi_status(row.code), row.status) << row.name;
    }
}

TEST(Errc, NumbersAndNamesAreUnique) {
    std::set<int> numbers;
    std::set<std::string_view> names;
    for (const Row& row : table()) {
        EXPECT_TRUE(numbers.insert(row.number).second) << row.number;
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
    }
}

TEST(Errc, NamesAreTheEnumeratorsInLowerCase) {
    for (const Row& row : table()) {
        std::string expected;
        for (const char c : row.enumerator.substr(1)) {
            const bool upper = c >= 'A' && c <= 'Z';
            if (upper && !expected.empty()) expected.push_back('_');
            expected.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
        }
        EXPECT_EQ(row.name, expected);
    }
}

TEST(Errc, NoCodeIsZeroSoThatZeroCanMeanSuccess) {
    for (const Row& row : table()) {
        EXPECT_GT(row.number, 0) << row.name;
        EXPECT_GT(row.status, 0) << row.name;
    }
}

TEST(Errc, NumbersOfAModuleGrowWithoutGaps) {
    std::map<int, int> last;  // by hundred
    for (const Row& row : table()) {
        const int group = row.number / 100;
        const auto before = last.find(group);
        const int first = group == 0 ? 1 : group * 100;
        EXPECT_EQ(row.number, before == last.end() ? first : before->second + 1) << row.name;
        last[group] = row.number;
    }
}

TEST(Errc, TheHundredNamesTheModule) {
    EXPECT_EQ(errc_module(Errc::kInvalidArgument), "core");
    EXPECT_EQ(errc_module(Errc::kJsonSyntax), "json");
    EXPECT_EQ(errc_module(Errc::kVersionSyntax), "version");
    EXPECT_EQ(errc_module(Errc::kProofInvalid), "merkle");
    EXPECT_EQ(errc_module(Errc::kIo), "io");
    EXPECT_EQ(errc_module(Errc::kDatabaseOpen), "kv");
    EXPECT_EQ(errc_module(Errc::kManifestInvalid), "package");
    EXPECT_EQ(errc_module(Errc::kContentNotFound), "content");
    EXPECT_EQ(errc_module(Errc::kUnsatisfiable), "resolve");
    EXPECT_EQ(errc_module(Errc::kPackageNotFound), "index");
    EXPECT_EQ(errc_module(Errc::kSignatureInvalid), "security");
    EXPECT_EQ(errc_module(Errc::kConsensusRejected), "consensus");
    EXPECT_EQ(errc_module(Errc::kNetwork), "distribution");
    EXPECT_EQ(errc_module(Errc::kNotInstalled), "lifecycle");
    EXPECT_EQ(errc_module(Errc::kLibraryNotFound), "library");
}

TEST(Errc, ANumberOutsideTheTableIsUnknownAndOurFault) {
    for (const int number : {0, 99, 199, 9999, 65535}) {
        const auto code = static_cast<Errc>(number);
        EXPECT_EQ(errc_name(code), "unknown") << number;
        EXPECT_EQ(errc_category(code), ErrorCategory::kInternal) << number;
        EXPECT_EQ(errc_abi_status(code), 1) << number;
    }
    EXPECT_EQ(errc_module(static_cast<Errc>(9999)), "unknown");
}

}  // namespace
}  // namespace catalog
