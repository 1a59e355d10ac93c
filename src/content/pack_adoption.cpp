#include "catalog/content/pack_adoption.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>
#include <map>
#include <optional>
#include <utility>

#include "catalog/content/content_records.hpp"
#include "pack_files.hpp"
#include "pack_scan.hpp"
#include "quarantine.hpp"

namespace catalog::content {
namespace {

bool is_unreadable(const Error& error) { return error.code() == Errc::kDatabaseCorrupt; }

// Where the last whole record of a chunk ends, and how many there are from a place on.
class WholeRecords final : public PackVisitor {
public:
    WholeRecords(const RecordLayout& layout, std::uint64_t from, const ContentOptions& options,
                 const CallContext& context)
        : layout_(layout), from_(from), options_(options), context_(context) {}

    Result<void> record(const ChunkLocation& location, const RecordHeader& header,
                        ByteView /*payload*/) override {
        end_ = location.offset + layout_.bytes_of(header);
        if (location.offset >= from_) ++count_;
        return context_.check(*options_.clock);
    }
    Result<void> damage(PackId, std::uint64_t, std::uint64_t, const std::string&) override {
        return context_.check(*options_.clock);
    }

    [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

private:
    const RecordLayout& layout_;
    const std::uint64_t from_;
    const ContentOptions& options_;
    const CallContext& context_;
    std::uint64_t end_ = 0;
    std::uint64_t count_ = 0;
};

class Adoption {
public:
    Adoption(const ContentOptions& options, const CallContext& context)
        : options_(options),
          context_(context),
          files_(options.file_system, io::join_path(options.directory, "packs"),
                 options.packs.open_packs_max, options.packs.encryption) {}

    Result<AdoptionReport> run() {
        CATALOG_TRY_VOID(read_records());
        CATALOG_TRY_VOID(find_candidates());
        if (!format_) restore_format();
        for (const Candidate& candidate : candidates_) {
            CATALOG_TRY_VOID(context_.check(*options_.clock));
            CATALOG_TRY_VOID(adopt(candidate));
        }
        CATALOG_TRY_VOID(commit());
        return std::move(report_);
    }

private:
    // A pack with bytes that do not count.
    struct Candidate {
        PackId pack{};
        std::uint64_t bytes = 0;  // Of the file.
        const PackMark* mark = nullptr;
    };

    Result<void> read_records();
    Result<void> find_candidates();
    void restore_format();
    Result<void> adopt(const Candidate& candidate);
    [[nodiscard]] Result<PackHeader> header_of(PackId pack);
    [[nodiscard]] Result<PackMark> measure(const Candidate& candidate, std::uint64_t& chunks);
    [[nodiscard]] Result<void> make_durable(PackId pack);
    [[nodiscard]] Result<void> find_index(const io::ReadableFile& file, const RecordLayout& layout,
                                          std::uint64_t file_bytes, PackMark& mark) const;
    Result<void> refuse(PackId pack, const Error& why);
    Result<void> commit();

    const ContentOptions& options_;
    const CallContext& context_;
    PackFiles files_;
    std::optional<FormatRecord> format_;
    std::map<PackId, PackMark> marks_;  // As the store has them.
    PackId highest_{};                  // Of all packs that count, or did.
    std::vector<Candidate> candidates_;
    kv::WriteBatch batch_;
    AdoptionReport report_;
};

// What cannot be read goes: the packs say it again.
Result<void> Adoption::read_records() {
    const kv::Family family = options_.families.packs;
    CATALOG_TRY(const auto format, options_.store->get(family, format_key()));
    if (format) {
        const auto decoded = decode_format(*format);
        if (decoded)
            format_ = *decoded;
        else if (!is_unreadable(decoded.error()))
            return fail(decoded.error());
    }
    CATALOG_TRY(const auto last, options_.store->get(family, last_pack_key()));
    if (last) highest_ = decode_last_pack(*last).value_or(PackId{});
    const auto walk = [&](const std::string& first, const auto& reads) -> Result<void> {
        const auto records = options_.store->iterate(family);
        for (records->seek(first); records->valid(); records->next()) {
            if (records->key().front() != first.front()) break;
            if (reads(records->key(), records->value())) continue;
            batch_.remove(family, std::string(records->key()));
            ++report_.records_replaced;
        }
        return records->status();
    };
    CATALOG_TRY_VOID(walk(pack_key(PackId{}), [&](std::string_view key, std::string_view value) {
        const auto mark = decode_pack_mark(key, value);
        if (!mark) return false;
        marks_[mark->pack] = *mark;
        highest_ = std::max(highest_, mark->pack);
        return true;
    }));
    return walk(run_key(RunId{}), [](std::string_view key, std::string_view value) {
        return decode_run_mark(key, value).has_value();
    });
}

Result<void> Adoption::find_candidates() {
    CATALOG_TRY(const auto files, files_.list_packs());
    for (const auto& [pack, bytes] : files) {
        const auto known = marks_.find(pack);
        const PackMark* const mark = known == marks_.end() ? nullptr : &known->second;
        // Nothing that counts is ever put behind a sealed pack's end.
        if (mark != nullptr && (mark->sealed || bytes <= mark->bytes)) continue;
        if (bytes <= kPackHeaderBytes) continue;
        candidates_.push_back({pack, bytes, mark});
    }
    std::ranges::sort(candidates_, {}, &Candidate::pack);
    return {};
}

Result<PackHeader> Adoption::header_of(PackId pack) {
    CATALOG_TRY(const OpenedPack opened, files_.open(pack));
    return inspect_pack(reader_of(opened), 0, PackMark{pack, 0});
}

// The store that most packs say they are of, also those that have records.
void Adoption::restore_format() {
    std::map<StoreId, std::pair<std::size_t, PackHeader>> stores;
    const auto count = [&](PackId pack) {
        const auto header = header_of(pack);
        if (!header) return;
        auto& [packs, of_last] = stores[header->store];
        ++packs;
        of_last = *header;
    };
    for (const auto& [pack, mark] : marks_) count(pack);
    for (const Candidate& candidate : candidates_)
        if (candidate.mark == nullptr) count(candidate.pack);
    const auto most =
        std::ranges::max_element(stores, {}, [](const auto& store) { return store.second.first; });
    if (most == stores.end()) return;
    const StoreEncryption* const encryption = options_.packs.encryption.get();
    format_.emplace();
    format_->version = encryption == nullptr ? kContentFormatVersion : kContentFormatVersionSealed;
    format_->store = encryption == nullptr ? most->first : encryption->store;
    format_->profile = most->second.second.profile;
    batch_.put(options_.families.packs, format_key(), encode_format(*format_));
    report_.format_restored = true;
}

Result<void> Adoption::adopt(const Candidate& candidate) {
    const auto header = header_of(candidate.pack);
    if (!header) {
        if (header.error().code() != Errc::kContentCorrupted) return fail(header.error());
        return refuse(candidate.pack, header.error());
    }
    if (!format_ || header->store != format_->store)
        return refuse(candidate.pack,
                      Error(Errc::kContentCorrupted, "the pack is of another content store"));
    std::uint64_t chunks = 0;
    const auto measured = measure(candidate, chunks);
    if (!measured) {
        if (measured.error().code() != Errc::kContentCorrupted) return fail(measured.error());
        return refuse(candidate.pack, measured.error());
    }
    // What an interrupted writer left before its first whole record.
    if (chunks == 0) return {};
    CATALOG_TRY_VOID(make_durable(candidate.pack));
    batch_.put(options_.families.packs, pack_key(candidate.pack), encode_pack_mark(*measured));
    highest_ = std::max(highest_, candidate.pack);
    report_.chunks += chunks;
    report_.packs.push_back(pack_file_name(candidate.pack));
    return {};
}

// A pack that was taken in is not added to any more.
Result<PackMark> Adoption::measure(const Candidate& candidate, std::uint64_t& chunks) {
    CATALOG_TRY(const OpenedPack opened, files_.open(candidate.pack));
    const RecordLayout layout(opened.seal ? opened.seal->records.get() : nullptr);
    WholeRecords whole(layout, candidate.mark == nullptr ? 0 : candidate.mark->bytes, options_,
                       context_);
    PackMark mark{candidate.pack, candidate.bytes, true, 0};
    CATALOG_TRY_VOID(scan_pack(reader_of(opened), candidate.bytes, mark, whole, opened.seal.get()));
    chunks = whole.count();
    mark.bytes = whole.end();
    CATALOG_TRY_VOID(find_index(*opened.file, layout, candidate.bytes, mark));
    return mark;
}

// Who wrote it may have died before the disk had it.
Result<void> Adoption::make_durable(PackId pack) {
    CATALOG_TRY(const auto file,
                files_.fs().open_write(files_.path_of(pack), io::OpenMode::kReadWrite));
    CATALOG_TRY_VOID(file->sync());
    CATALOG_TRY_VOID(file->close());
    return files_.fs().sync_directory(files_.directory());
}

// Behind the last chunk come padding and the index, if the pack was sealed.
Result<void> Adoption::find_index(const io::ReadableFile& file, const RecordLayout& layout,
                                  std::uint64_t file_bytes, PackMark& mark) const {
    std::array<std::byte, kSealedHeaderBytes> room{};
    const std::span<std::byte> head = std::span(room).first(layout.head_bytes());
    for (std::uint64_t offset = mark.bytes; offset + head.size() <= file_bytes;) {
        CATALOG_TRY(const std::size_t count, file.read_at(offset, head));
        if (count < head.size()) return {};
        const auto header = layout.read_header(offset, head);
        if (!header || holds_chunk(header->codec)) return {};
        const std::uint64_t end = offset + layout.bytes_of(*header);
        if (end > file_bytes) return {};
        mark.bytes = end;
        if (header->codec == Codec::kIndex) {
            mark.index_offset = offset + layout.payload_begin(*header);
            return {};
        }
        offset = end;
    }
    return {};
}

Result<void> Adoption::refuse(PackId pack, const Error& why) {
    CATALOG_TRY_VOID(keep_aside(options_, pack));
    report_.refused.push_back({pack_file_name(pack), std::string(why.message())});
    return {};
}

Result<void> Adoption::commit() {
    if (batch_.empty()) return {};
    batch_.put(options_.families.packs, last_pack_key(), encode_last_pack(highest_));
    kv::Commit commit;
    commit.batch = std::move(batch_);
    return options_.queue->submit(std::move(commit));
}

}  // namespace

Result<AdoptionReport> adopt_packs(const ContentOptions& options, const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*options.clock));
    if (options.read_only)
        return fail(Errc::kLibraryReadOnly, "packs cannot be taken in by a reader");
    if (options.backend) return AdoptionReport();
    return Adoption(options, context).run();
}

}  // namespace catalog::content
