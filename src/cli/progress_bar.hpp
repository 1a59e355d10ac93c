#pragma once
// A progress bar of one line on a terminal.

#include <iosfwd>
#include <memory>
#include <string>

#include "catalog/core/clock.hpp"
#include "catalog/core/progress.hpp"
#include "catalog/internal/mutex.hpp"

namespace catalog::cli {

/// Draws at most ten times a second; the line is wiped when the bar is destroyed.
class ProgressBar final : public ProgressSink {
public:
    ProgressBar(std::ostream& terminal, std::shared_ptr<Clock> clock);
    ~ProgressBar() override;

    void update(const ProgressUpdate& update) noexcept override;

private:
    void draw(const ProgressUpdate& update, MonotonicTime now) CATALOG_REQUIRES(mutex_);

    std::ostream& terminal_;
    std::shared_ptr<Clock> clock_;
    internal::Mutex mutex_;
    std::string phase_ CATALOG_GUARDED_BY(mutex_);
    MonotonicTime phase_start_ CATALOG_GUARDED_BY(mutex_);
    MonotonicTime drawn_ CATALOG_GUARDED_BY(mutex_);
    bool visible_ CATALOG_GUARDED_BY(mutex_) = false;
};

}  // namespace catalog::cli
