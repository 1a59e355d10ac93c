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

/// Fills a buffer with the next bytes of the input and returns how many; 0 is the end. It is called
/// on the thread that calls `next` and may block.
using ByteSource = std::function<Result<std::size_t>(std::span<char>)>;

/// Splits a byte source into lines and reads each as one document.
///
/// A malformed or over-long line is an answer, not the end: the reader goes on with the next line.
/// Lines end with LF or CR LF; the last one may lack its end. Blank lines are skipped. Memory: one
/// line of at most `limits.bytes_max`, its value, and a buffer of 64 KiB, whatever the input is.
/// Thread safety: one thread at a time. One that was moved from can only be assigned to or
/// destroyed.
class LineReader {
public:
    /// `limits.bytes_max` bounds one line; a longer one is skipped without being kept.
    LineReader(ByteSource source, ReadLimits limits);
    ~LineReader();
    LineReader(LineReader&&) noexcept;
    LineReader& operator=(LineReader&&) noexcept;

    struct Line {
        std::uint64_t number = 0;  ///< 1-based, blank lines counted.
        /// The document, or why this line is not one: errors as of `read`, located in the whole
        /// input (line and byte offset); kLimitExceeded for an over-long line has LimitDetail
        /// "json_line_bytes_max" and the length as far as it was seen.
        Result<Value> value;
    };

    /// A line that has not been read as a document yet; one that was handed to another thread can
    /// be read there.
    class TextLine {
    public:
        TextLine(std::uint64_t line, std::uint64_t at, Result<std::string> content)
            : number(line), offset(at), text(std::move(content)) {}

        std::uint64_t number;      ///< 1-based, blank lines counted.
        std::uint64_t offset;      ///< Where it begins in the input, bytes.
        Result<std::string> text;  ///< Without its end; an over-long one is an error as in Line.

        /// Returns the document, or why it is none: what `next` would have said.
        [[nodiscard]] Result<Value> read(const ReadLimits& limits) const;
    };

    /// Returns the next line unread, or nullopt at the end. Errors: as `next`.
    [[nodiscard]] Result<std::optional<TextLine>> next_text();

    /// Returns the next line, or nullopt at the end. Errors: those of the source, after which the
    /// call may be repeated; kInvalidArgument (the source returned more than it was asked for).
    [[nodiscard]] Result<std::optional<Line>> next();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::json
