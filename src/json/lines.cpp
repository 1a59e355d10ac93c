#include "catalog/json/lines.hpp"

#include <string_view>
#include <utility>

#include "catalog/internal/try.hpp"
#include "reader.hpp"

namespace catalog::json {

namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

struct LineReader::Impl {
    Impl(ByteSource s, ReadLimits l)
        : source(std::move(s)), limits(l), buffer(kBufferBytes, '\0') {}

    /// Tells whether the current line can still be a document; the byte above the limit may be the
    /// CR of its end.
    bool may_fit() const {
        return line_bytes <= limits.bytes_max || line_bytes - limits.bytes_max == 1;
    }

    void add(std::string_view part) {
        line_bytes += part.size();
        if (may_fit())
            line.append(part);
        else
            std::string().swap(line);
    }

    /// Ends the current line. Returns nullopt when it is blank.
    std::optional<TextLine> end_line(std::size_t end_bytes) {
        const std::uint64_t at = offset;
        ++number;
        offset += line_bytes + end_bytes;
        const bool kept = may_fit();
        const std::uint64_t bytes = std::exchange(line_bytes, 0);
        std::string text = std::exchange(line, {});
        if (text.ends_with('\r')) text.pop_back();
        if (!kept || text.size() > limits.bytes_max)
            return TextLine(number, at, fail(too_long(bytes)));
        if (is_blank(text)) return std::nullopt;
        return TextLine(number, at, std::move(text));
    }

    Error too_long(std::uint64_t bytes) const {
        return Error(Errc::kLimitExceeded,
                     "line " + std::to_string(number) + " has " + std::to_string(bytes) +
                         " bytes, at most " + std::to_string(limits.bytes_max) + " are allowed",
                     LimitDetail{"json_line_bytes_max", limits.bytes_max, bytes});
    }

    ByteSource source;
    ReadLimits limits;
    std::string buffer;
    std::string_view unread;       // of the buffer
    std::string line;              // of the current line, empty once it is too long
    std::uint64_t line_bytes = 0;  // of the current line, kept or not
    std::uint64_t number = 0;      // of the last line that ended
    std::uint64_t offset = 0;      // of the current line in the input
    bool ended = false;
};

LineReader::LineReader(ByteSource source, ReadLimits limits)
    : impl_(std::make_unique<Impl>(std::move(source), limits)) {}
LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

Result<Value> LineReader::TextLine::read(const ReadLimits& limits) const {
    if (!text) return fail(text.error());
    return read_at(*text, limits, Origin{number, offset});
}

Result<std::optional<LineReader::Line>> LineReader::next() {
    CATALOG_TRY(const std::optional<TextLine> line, next_text());
    if (!line) return std::nullopt;
    return Line{line->number, line->read(impl_->limits)};
}

Result<std::optional<LineReader::TextLine>> LineReader::next_text() {
    Impl& impl = *impl_;
    while (!impl.ended) {
        if (impl.unread.empty()) {
            CATALOG_TRY(const std::size_t got, impl.source(std::span<char>(impl.buffer)));
            if (got > impl.buffer.size())
                return fail(Errc::kInvalidArgument,
                            "the byte source returned more bytes than it was asked for");
            impl.unread = std::string_view(impl.buffer).substr(0, got);
            if (got == 0) {
                impl.ended = true;
                if (impl.line_bytes == 0) break;
                if (auto line = impl.end_line(0)) return line;
                break;
            }
        }
        const std::size_t end = impl.unread.find('\n');
        impl.add(impl.unread.substr(0, end));
        if (end == std::string_view::npos) {
            impl.unread = {};
            continue;
        }
        impl.unread.remove_prefix(end + 1);
        if (auto line = impl.end_line(1)) return line;
    }
    return std::nullopt;
}

}  // namespace catalog::json
