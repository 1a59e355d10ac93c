#pragma once
// Counts of hits by the values of fields.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/query.hpp"
#include "moment.hpp"

namespace catalog::index {

/// Counts hits as they are found. One thread at a time. Borrows the moment.
class HitCounter {
public:
    static constexpr std::size_t kDistinctValuesMax = 65'536;  ///< Of a field.

    HitCounter(const Moment& moment, std::span<const CountedField> fields);

    /// Errors: kLimitExceeded (too many values), kIndexCorrupted.
    [[nodiscard]] Result<void> add(const IndexRow& row);
    /// Returns the counts, of each field the `values_max` most frequent values.
    [[nodiscard]] HitCounts take(std::size_t values_max);

private:
    struct Counted {
        CountedField field;
        std::map<std::string, std::uint64_t, std::less<>> values;
    };
    [[nodiscard]] Result<void> count(Counted& counted, std::string_view value);
    [[nodiscard]] Result<void> add_sealed(Counted& counted, const IndexRow& row);

    const Moment* moment_;
    std::uint64_t hits_ = 0;
    std::vector<Counted> fields_;
    bool needs_manifest_ = false;
};

}  // namespace catalog::index
