// What is shown of a damaged log: what is called intact was written, everything before the damage
// is there, and marks are read back. The input is {byte to damage, u64; mask, u8} and a list of
// records {repetitions, u8; length, u8; bytes}, so that records span blocks.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "log_builder.hpp"
#include "record_log.hpp"
#include "recovery_guard.hpp"
#include "support/core/byte_feed.hpp"

namespace {

using namespace catalog;      // NOLINT: one file, one program
using namespace catalog::kv;  // NOLINT
using fakes::require;

constexpr std::size_t kRecordBytesMax = 120'000;

struct Shown {
    std::string record;
    bool intact;
};

std::vector<Shown> read(const std::string& log, std::uint64_t from) {
    std::vector<Shown> shown;
    const Result<void> done = read_lost_records(kv::testing::BytesFile(log), from, kRecordBytesMax,
                                                [&](std::string_view record, bool intact) {
                                                    require(record.size() <= kRecordBytesMax);
                                                    shown.push_back({std::string(record), intact});
                                                });
    require(done.has_value());
    return shown;
}

void try_mark(fakes::ByteFeed feed) {
    const std::uint64_t sequence = feed.number();
    const auto changes = static_cast<std::uint32_t>(feed.number());
    const std::uint64_t durable_end = feed.number();
    const std::string head = kv::testing::batch_head(sequence, changes, durable_end);
    require(head.substr(14) == make_durability_mark(durable_end));
    const auto record = parse_wal_record(head + std::string(feed.rest()));
    require(record && record->sequence == sequence && record->changes == changes &&
            record->durable_end == durable_end);
    if (const auto number = wal_number(feed.rest()))
        require(wal_number(wal_name(*number)) == number);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    try_mark(fakes::ByteFeed(input));
    (void)parse_wal_record(input);
    for (const Shown& shown : read(std::string(input), 0)) require(shown.record.size() <= size);

    fakes::ByteFeed feed(input);
    const std::uint64_t at = feed.number();
    const auto mask = static_cast<char>(feed.byte());
    kv::testing::LogBuilder builder;
    std::vector<std::string> written;
    std::vector<std::size_t> ends;
    while (!feed.empty() && builder.size() < 3 * kv::testing::LogBuilder::kBlock) {
        const std::size_t repetitions = 1 + 8u * feed.byte();
        const std::string piece = feed.text();
        std::string record = std::to_string(written.size());
        for (std::size_t i = 0; i < repetitions; ++i) record += piece;
        builder.record(record);
        if (record.size() > kRecordBytesMax) continue;  // is left out
        written.push_back(std::move(record));
        ends.push_back(builder.size());
    }
    std::string log = builder.bytes();
    const std::vector<Shown> whole = read(log, 0);
    require(std::ranges::equal(whole, written, [](const Shown& shown, const std::string& record) {
        return shown.intact && shown.record == record;
    }));
    if (log.empty() || mask == 0) return 0;

    log[at % log.size()] = static_cast<char>(log[at % log.size()] ^ mask);
    const std::vector<Shown> damaged = read(log, 0);
    const auto before =
        static_cast<std::size_t>(std::ranges::upper_bound(ends, at % log.size()) - ends.begin());
    require(damaged.size() >= before);
    std::size_t next = 0;  // intact ones come in their order
    for (std::size_t i = 0; i < damaged.size(); ++i) {
        require(i >= before || damaged[i].intact);
        if (!damaged[i].intact) continue;
        while (next < written.size() && written[next] != damaged[i].record) ++next;
        require(next++ < written.size());
    }
    return 0;
}
