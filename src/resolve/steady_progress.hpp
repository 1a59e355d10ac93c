#pragma once
// SteadyProgress: one count for what several searches report.

#include <cstdint>
#include <string_view>

#include "catalog/core/call_context.hpp"

namespace catalog::resolve::engine {

inline constexpr std::string_view kLoadPhase = "load";
inline constexpr std::string_view kSearchPhase = "search";
/// A listener is told of every so many conflicts.
inline constexpr std::uint64_t kConflictsPerReport = 256;

/// A context for the parts of one resolution. Each counts its packages and conflicts from 0; a
/// listener sees counts that never go back.
class SteadyProgress final : public ProgressSink {
public:
    /// `context` is borrowed.
    explicit SteadyProgress(const CallContext& context) : outer_(context) {
        if (context.progress == nullptr) return;
        inner_ = context;
        inner_.progress = this;
    }
    SteadyProgress(const SteadyProgress&) = delete;
    SteadyProgress& operator=(const SteadyProgress&) = delete;

    [[nodiscard]] const CallContext& context() const noexcept {
        return outer_.progress == nullptr ? outer_ : inner_;
    }

    void update(const ProgressUpdate& update) noexcept override {
        Count& count = update.phase == kSearchPhase ? search_ : load_;
        count.sum += update.done >= count.last ? update.done - count.last : update.done;
        count.last = update.done;
        ProgressUpdate whole = update;
        whole.done = count.sum;
        outer_.report(whole);
    }

private:
    struct Count {
        std::uint64_t last = 0;  ///< Of the part that reported last.
        std::uint64_t sum = 0;
    };

    const CallContext& outer_;
    CallContext inner_;
    Count load_;
    Count search_;
};

}  // namespace catalog::resolve::engine
