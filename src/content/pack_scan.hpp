#pragma once
// What both backends do with the bytes of a pack, wherever these are.

#include <functional>
#include <span>
#include <string>

#include "catalog/content/storage_backend.hpp"
#include "record_layout.hpp"

namespace catalog::content {

/// Reads up to out.size() bytes at an offset of a pack; fewer only at its end.
using PackReader = std::function<Result<std::size_t>(std::uint64_t, std::span<std::byte>)>;

/// Damage at a place of a pack: kContentCorrupted with "FILE at OFFSET" as input.
[[nodiscard]] tl::unexpected<Error> pack_damaged(PackId pack, std::uint64_t offset,
                                                 const std::string& what);

/// See StorageBackend::peek, read, base_of, inspect and scan. `size` is how long the pack is in
/// fact, `seal` what opens it; null: its records are bare.
[[nodiscard]] Result<RecordHeader> peek_record(const PackReader& reader,
                                               const ChunkLocation& location,
                                               const PackSeal* seal = nullptr);
[[nodiscard]] Result<StoredRecord> read_record(const PackReader& reader,
                                               const ChunkLocation& location, Bytes& buffer,
                                               const PackSeal* seal = nullptr);
[[nodiscard]] Result<ChunkId> base_of_record(const PackReader& reader,
                                             const ChunkLocation& location,
                                             const PackSeal* seal = nullptr);
[[nodiscard]] Result<PackHeader> inspect_pack(const PackReader& reader, std::uint64_t size,
                                              const PackMark& mark);
[[nodiscard]] Result<void> scan_pack(const PackReader& reader, std::uint64_t size,
                                     const PackMark& mark, PackVisitor& visitor,
                                     const PackSeal* seal = nullptr);

/// Calls `each` for every chunk whose record begins at `from` or later and before the mark's end,
/// by the records' headers alone; passes over what is damaged. `from` is where a record begins.
[[nodiscard]] Result<void> scan_headers(const PackReader& reader, std::uint64_t size,
                                        const PackMark& mark, std::uint64_t from,
                                        const std::function<Result<void>(const IndexEntry&)>& each,
                                        const PackSeal* seal = nullptr);

}  // namespace catalog::content
