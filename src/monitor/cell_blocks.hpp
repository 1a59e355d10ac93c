#pragma once
// CellBlocks: memory for the cells of metrics, which never moves.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "catalog/monitor/metrics.hpp"

namespace catalog::monitor {

/// Cells are handed out and never taken back: series are bounded. Thread safety: one thread at a
/// time.
class CellBlocks {
public:
    explicit CellBlocks(unsigned processors) noexcept : processors_(processors) {}

    /// Returns `count` zeroed cells for each processor, or none when there is no memory. `count` is
    /// at most MetricCells::kStride.
    [[nodiscard]] MetricCells take(std::size_t count);

private:
    struct Free {
        void operator()(std::uint64_t* memory) const noexcept;
    };

    unsigned processors_;
    std::size_t used_ = MetricCells::kStride;  ///< Of the last block, for each processor.
    std::vector<std::unique_ptr<std::uint64_t, Free>> blocks_;
};

}  // namespace catalog::monitor
