#pragma once
// JSON Lines: one document a line, read from a source that may be larger than memory.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "catalog/core/result.hpp"
#include "catalog/json/read.hpp"

namespace catalog::json {

/// Fills a buffer with the next bytes of the input and returns how many; 0 is the end.
using ByteSource = std::function<Result<std::size_t>(std::span<char>)>;

/// Splits a byte source into lines and reads each as one document.
///
/// A malformed or over-long line is an answer, not the end: the reader goes on with the next line.
/// Blank lines are skipped. Memory: at most one line. Thread safety: one thread at a time.
class LineReader {
public:
    /// `limits.bytes_max` bounds one line; a longer one is skipped without being kept.
    LineReader(ByteSource source, ReadLimits limits);
    ~LineReader();
    LineReader(LineReader&&) noexcept;
    LineReader& operator=(LineReader&&) noexcept;

    struct Line {
        std::uint64_t number = 0;  ///< 1-based, blank lines counted.
        Result<Value> value;       ///< The document, or why this line is not one.
    };

    /// Returns the next line, or nullopt at the end. Errors: only those of the source itself.
    [[nodiscard]] Result<std::optional<Line>> next();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::json
