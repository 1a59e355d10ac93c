// Any bytes as a record log: what is called intact is intact on its own, and nothing behind it is
// taken for it. The input is a list of pieces, so that fragments with right checksums come up:
// {kind, u8; length, u8; bytes}. Kinds: 1-4 a fragment of that type, 5 zeros up to the next block,
// 6 a fragment with a length of 256 times as much, others the bytes as they are.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "log_builder.hpp"
#include "record_log.hpp"
#include "recovery_guard.hpp"

namespace {

using namespace catalog;
using namespace catalog::kv;

void require(bool condition) {
    if (!condition) __builtin_trap();
}

std::string build(std::string_view input) {
    kv::testing::LogBuilder log;
    while (input.size() >= 2 && log.size() < (1u << 18)) {
        const auto kind = static_cast<unsigned char>(input[0]);
        const std::size_t length = static_cast<unsigned char>(input[1]);
        const std::string_view piece = input.substr(2, length);
        input.remove_prefix(2 + piece.size());
        if (kind >= 1 && kind <= 4) {
            log.fragment(static_cast<char>(kind), piece);
        } else if (kind == 5) {
            log.raw(std::string((32768 - log.size() % 32768) % 32768, '\0'));
        } else if (kind == 6) {
            log.fragment(1, std::string(piece) + std::string(length * 255, 'x'));
        } else {
            log.raw(piece);
        }
    }
    return log.bytes();
}

struct Seen {
    LogExtent extent;
    std::vector<std::string> intact;
    std::size_t strays = 0;
};

Seen read(const std::string& bytes) {
    Seen seen;
    LogVisitor visitor;
    visitor.intact = [&](std::string_view head) {
        require(head.size() <= kRecordHeadBytes);
        (void)parse_wal_record(head);
        seen.intact.emplace_back(head);
        return true;
    };
    visitor.stray = [&](std::string_view head) {
        (void)parse_wal_record(head);
        ++seen.strays;
    };
    const auto extent = read_record_log(kv::testing::BytesFile(bytes), visitor);
    require(extent.has_value());
    seen.extent = *extent;
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const std::string& log : {std::string(input), build(input)}) {
        const Seen seen = read(log);
        require(seen.extent.file_bytes == log.size());
        require(seen.extent.intact_bytes <= log.size());
        require(seen.extent.damaged() || seen.strays == 0);
        const Seen cut = read(log.substr(0, seen.extent.intact_bytes));
        require(!cut.extent.damaged());
        require(cut.intact == seen.intact);
    }
    return 0;
}
