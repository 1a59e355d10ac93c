#pragma once
// What a verification found, as a repair needs it.

#include <memory>
#include <set>

#include "check_decode.hpp"
#include "check_report.hpp"
#include "content_core.hpp"

namespace catalog::content {

struct CheckFindings {
    VerifyReport report;
    std::unique_ptr<CheckedPacks> packs;
    std::set<PackId>
        damaged_packs;           ///< Of which something is damaged, missing, or not the store's.
    bool index_damaged = false;  ///< An index file, or a pack's own, cannot be walked.
    bool references_damaged = false;
    /// Objects that cannot be returned, or are not there although somebody references them. More
    /// than the report may have room for.
    std::set<ContentHash> hurt;
};

/// Verifies; content_verify.cpp. Errors: as ContentStorage::verify.
[[nodiscard]] Result<CheckFindings> find_damage(const ContentCore& core,
                                                const VerifyOptions& options,
                                                const CallContext& context);

}  // namespace catalog::content
