// Recovery of any write-ahead logs: what RocksDB is shown is a chain without a gap, and is shown
// whole when nothing else is left. The input is a list of pieces {kind, u8; ...}: 0-3 a batch that
// follows the last one {changes, u8; how far back the mark is, u8}, 4 bytes as they are, 5 the next
// log, 6 a batch with any number, 7 a byte of the log so far that is changed.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log_builder.hpp"
#include "record_log.hpp"
#include "recovery_guard.hpp"
#include "support/core/byte_feed.hpp"
#include "support/io/simulated_file_system.hpp"

namespace {

using namespace catalog;      // NOLINT: one file, one program
using namespace catalog::kv;  // NOLINT
using fakes::require;

constexpr std::size_t kLogsMax = 4;

struct Built {
    std::vector<std::string> logs;
    bool orderly = true;  ///< Nothing was damaged, left out or out of order.
};

Built build(std::string_view input) {
    fakes::ByteFeed feed(input);
    Built built;
    built.logs.emplace_back();
    std::uint64_t next = 1;
    while (!feed.empty() && built.logs.back().size() < 4096) {
        std::string& log = built.logs.back();
        const unsigned kind = feed.byte() % 8;
        if (kind < 4) {
            const std::uint32_t changes = feed.byte() % 4;
            const std::uint64_t back = feed.byte() % 8;
            const std::string head =
                kv::testing::batch_head(next, changes, next - std::min(back, next - 1));
            log += kv::testing::LogBuilder().record(head).bytes();
            next += changes;
        } else if (kind == 5) {
            if (built.logs.size() == kLogsMax) break;
            built.logs.emplace_back();
        } else {
            built.orderly = false;
            if (kind == 4) log += feed.text();
            if (kind == 6) {
                const std::uint64_t number = feed.byte();
                const std::string head = kv::testing::batch_head(number, 1, feed.byte());
                log += kv::testing::LogBuilder().record(head).bytes();
            }
            if (kind == 7 && !log.empty()) {
                const std::size_t at = feed.byte() % log.size();
                log[at] = static_cast<char>(log[at] ^ 0x10);
            }
        }
    }
    return built;
}

std::string path_of(std::size_t log) { return "/db/" + wal_name(4 + log); }

/// Returns how many bytes of each log may be read; nullopt when a durable commit is damaged.
std::optional<std::vector<std::uint64_t>> decide(const std::vector<std::string>& logs,
                                                 bool salvage) {
    const auto fs = io::testing::SimulatedFileSystem::make();
    require(fs->make_directories("/db").has_value());
    for (std::size_t i = 0; i < logs.size(); ++i)
        require((*fs->open_write(path_of(i), io::OpenMode::kTruncate))
                    ->append(as_bytes(logs[i]))
                    .has_value());
    RecoveryGuard guard(salvage);
    std::vector<std::uint64_t> readable;
    for (std::size_t i = 0; i < logs.size(); ++i) {
        const Result<std::uint64_t> bytes = guard.readable_bytes(*fs, path_of(i));
        if (!bytes) {
            require(bytes.error().code() == Errc::kDatabaseCorrupt && !salvage && i == 0);
            return std::nullopt;
        }
        require(*bytes <= logs[i].size());
        readable.push_back(*bytes);
    }
    return readable;
}

void check_chain(const std::vector<std::string>& logs) {
    std::optional<std::uint64_t> next;
    LogVisitor visitor;
    visitor.intact = [&](std::string_view head) {
        const auto record = parse_wal_record(head);
        require(record && (!next || record->sequence == *next));
        next = record->sequence + record->changes;
        return true;
    };
    for (const std::string& log : logs) {
        const Result<LogExtent> extent = read_record_log(kv::testing::BytesFile(log), visitor);
        require(extent && !extent->damaged());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Built built = build({reinterpret_cast<const char*>(data), size});
    const auto shown = decide(built.logs, false);
    const auto salvaged = decide(built.logs, true);
    require(salvaged.has_value());
    // Salvaging never shows more or less than recovery does.
    require(!shown || *shown == *salvaged);
    for (std::size_t i = 0; built.orderly && i < built.logs.size(); ++i)
        require(shown && (*shown)[i] == built.logs[i].size());
    for (std::size_t i = 0; i < built.logs.size(); ++i) built.logs[i].resize((*salvaged)[i]);
    check_chain(built.logs);
    require(decide(built.logs, false) == *salvaged);
    return 0;
}
