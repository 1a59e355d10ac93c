#include "rocksdb_status.hpp"

#include <charconv>
#include <optional>

namespace catalog::kv {
namespace {

constexpr std::string_view kOriginMark = " {file system error ";

/// The file-system error that a status was made from.
struct Origin {
    Errc code;
    int system_error;
    std::string message;
};

std::optional<Origin> origin_of(const std::string& text) {
    const std::size_t mark = text.rfind(kOriginMark);
    if (mark == std::string::npos) return std::nullopt;
    const char* at = text.data() + mark + kOriginMark.size();
    const char* const end = text.data() + text.size();
    unsigned code = 0;
    int system_error = 0;
    const auto code_read = std::from_chars(at, end, code);
    if (code_read.ec != std::errc() || code_read.ptr == end) return std::nullopt;
    if (std::from_chars(code_read.ptr + 1, end, system_error).ec != std::errc())
        return std::nullopt;
    return Origin{static_cast<Errc>(code), system_error, text.substr(0, mark)};
}

}  // namespace

rocksdb::IOStatus to_io_status(const Error& error) {
    const auto* detail = error.detail_as<StorageDetail>();
    std::string text = error.to_string();
    text += kOriginMark;
    text += std::to_string(static_cast<unsigned>(error.code()));
    text += ' ';
    text += std::to_string(detail != nullptr ? detail->system_error : 0);
    text += '}';
    switch (error.code()) {
        case Errc::kFileNotFound:
            return rocksdb::IOStatus::PathNotFound(text);
        case Errc::kStorageFull:
            return rocksdb::IOStatus::NoSpace(text);
        case Errc::kDatabaseCorrupt:
            return rocksdb::IOStatus::Corruption(text);
        case Errc::kUnsupported:
            return rocksdb::IOStatus::NotSupported(text);
        default:
            return rocksdb::IOStatus::IOError(text);
    }
}

Error to_error(const rocksdb::Status& status, const RocksTask& task) {
    std::string text = status.ToString();
    const auto origin = origin_of(text);
    StorageDetail detail{task.path, std::string(task.operation), 0};
    if (origin) {
        detail.system_error = origin->system_error;
        text = origin->message;
    }
    const Errc code = status.IsCorruption() ? Errc::kDatabaseCorrupt : task.code;
    Error error = Error(code, "database " + std::string(task.operation) + " failed: " + text,
                        std::move(detail))
                      .with_input(task.path);
    if (origin && origin->code != code)
        error = error.with_cause(Error(origin->code, origin->message));
    return error;
}

}  // namespace catalog::kv
