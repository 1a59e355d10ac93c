#include "cell_blocks.hpp"

#include <cstdlib>

namespace catalog::monitor {
namespace {

constexpr std::size_t kLineCells = 8;

}  // namespace

void CellBlocks::Free::operator()(std::uint64_t* memory) const noexcept { std::free(memory); }

MetricCells CellBlocks::take(std::size_t count) {
    if (MetricCells::kStride - used_ < count) {
        // calloc leaves large pieces untouched, so that the machine gives only what is counted in.
        // The line more is for the alignment of the first cell, which it does not promise.
        void* const memory = std::calloc(processors_ * MetricCells::kStride + kLineCells, 8);
        if (memory == nullptr) return {};
        blocks_.emplace_back(static_cast<std::uint64_t*>(memory));
        used_ = 0;
    }
    constexpr std::size_t kLine = kLineCells * 8;
    const auto begin = reinterpret_cast<std::uintptr_t>(blocks_.back().get());
    std::uint64_t* const first = blocks_.back().get() + (kLine - begin % kLine) % kLine / 8;
    const MetricCells cells(first + used_, processors_);
    used_ += count;
    return cells;
}

}  // namespace catalog::monitor
