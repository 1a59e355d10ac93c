#pragma once
// What an extension did against the rules of the C interface.

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace catalog::host {

struct Violation {
    std::string rule;  ///< "R1" to "R12", as numbered in catalog/abi/extension.h.
    std::string what;  ///< One sentence.
};

/// Collects violations; an extension may commit one on any thread. At most 1000 are kept, so that
/// one that is committed in a loop does no harm. Thread safety: safe.
class Violations {
public:
    void add(std::string_view rule, std::string what);
    [[nodiscard]] std::vector<Violation> all() const;
    /// Takes every violation of `rule` away; false when there is none.
    bool take(std::string_view rule);

private:
    mutable std::mutex mutex_;
    std::vector<Violation> list_;
};

}  // namespace catalog::host
