#include "segment_records.hpp"

#include <algorithm>

#include "catalog/internal/try.hpp"

namespace catalog::index {

namespace {

constexpr std::uint64_t kPlacesMax = kNoNumber;

// What a record is made of, as bytes in their final order.
class RecordWriter {
public:
    RecordWriter(const SegmentOrder& order, const SegmentSecret& secret, const RecordWidths& widths)
        : order_(order), hash_(secret), widths_(widths) {}

    // Returns the bytes of a record, padded; valid until the next call.
    ByteView write(std::string_view name, const DraftRow& row) {
        const DraftHead& head = row.head();
        bytes_.resize(kRecordHeadBytes);
        key_ = hash_.of_id(name, row.version());
        append(as_bytes(name));
        append(as_bytes(row.version()));
        append_word(row.facts().published);
        append(row.facts().digest);
        append_narrow(head.license == kNoNumber ? kNoNumber : order_.text_ranks[head.license],
                      widths_.text);
        const std::size_t content_at = bytes_.size();
        if (row.has_content()) {
            const std::byte* const content = row.content();
            append_content(bytes_, load_le<std::uint64_t>(content),
                           load_le<std::uint64_t>(content + 8),
                           load_le<std::uint64_t>(content + 16));
        }
        const std::size_t content_bytes = bytes_.size() - content_at;
        for (const std::span<const std::uint32_t> list :
             {row.authors(), row.keywords(), row.tags()})
            for (const std::uint32_t text : list)
                append_narrow(order_.text_ranks[text], widths_.text);
        const std::span<const std::uint32_t> relations = row.relations();
        for (std::size_t i = 0; i < relations.size(); i += 2) {
            append_narrow(order_.name_ranks[relations[i]], widths_.name);
            append_narrow(order_.text_ranks[relations[i + 1]], widths_.terms);
        }
        bytes_.resize((bytes_.size() + kRecordAlignment - 1) & ~(kRecordAlignment - 1));
        std::byte* const at = bytes_.data();
        const auto flags =
            static_cast<std::uint16_t>((head.flags & ~kFlagContent) | head.type << kFlagTypeShift);
        store_le(at + kRecordFlagsAt, flags);
        at[kRecordNameBytesAt] = static_cast<std::byte>(name.size());
        at[kRecordVersionBytesAt] = static_cast<std::byte>(head.version_bytes - 1);
        at[kRecordAuthorsAt] = static_cast<std::byte>(head.authors);
        at[kRecordKeywordsAt] = static_cast<std::byte>(head.keywords);
        at[kRecordTagsAt] = static_cast<std::byte>(head.tags);
        at[kRecordContentBytesAt] = static_cast<std::byte>(content_bytes);
        store_le(at + kRecordRelationsAt, head.relations);
        return bytes_;
    }

    // Of the record written last.
    [[nodiscard]] const SipHash::Value& key() const noexcept { return key_; }

private:
    void append(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    template <class T>
    void append_word(T value) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof value);
        store_le(&bytes_[at], value);
    }
    void append_narrow(std::uint32_t value, unsigned width) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + width);
        store_narrow(&bytes_[at], value, width);
    }

    const SegmentOrder& order_;
    SipHash hash_;
    RecordWidths widths_;
    SipHash::Value key_;
    Bytes bytes_;
};

}  // namespace

void append_content(Bytes& out, std::uint64_t file_count, std::uint64_t file_bytes,
                    std::uint64_t log_index) {
    for (std::uint64_t number : {file_count, file_bytes, log_index}) {
        for (; number >= 0x80; number >>= 7)
            out.push_back(static_cast<std::byte>((number & 0x7f) | 0x80));
        out.push_back(static_cast<std::byte>(number));
    }
}

Result<RecordTables> write_records(SegmentFile& file, const SegmentDraft& draft,
                                   const SegmentOrder& order, const SegmentSecret& secret,
                                   const RecordWidths& widths) {
    const auto docs = static_cast<std::uint32_t>(order.docs.size());
    RecordTables tables;
    tables.places.reserve(docs);
    tables.release_keys.reserve(docs);
    tables.keys = KeyTable(docs);
    RecordWriter writer(order, secret, widths);
    CATALOG_TRY_VOID(file.begin(SectionKind::kRecords));
    const std::uint64_t start = file.offset();
    std::uint32_t doc = 0;
    for (std::uint32_t name = 0; name < order.own_names; ++name) {
        order.prefetch_name_behind(draft, name);
        const std::string_view text = draft.names.text(order.names[name]);
        for (; doc < order.first_docs[name + 1]; ++doc) {
            order.prefetch_behind(doc);
            order.prefetch_facts_behind(doc);
            const DraftRow row(order.docs[doc]);
            const ByteView bytes = writer.write(text, row);
            // A lookup in a cold file reads one page of records, not two.
            const std::size_t in_page = file.offset() % kPageBytes;
            if (bytes.size() <= kRecordPageBytesMax && in_page + bytes.size() > kPageBytes)
                CATALOG_TRY_VOID(file.append_zeros(kPageBytes - in_page));
            const std::uint64_t place = (file.offset() - start) / kRecordAlignment;
            if (place >= kPlacesMax)
                return fail(Errc::kLimitExceeded, "segment would have 16 GiB of records",
                            LimitDetail{"segment_record_bytes_max", kPlacesMax * kRecordAlignment,
                                        place * kRecordAlignment});
            CATALOG_TRY_VOID(file.append(bytes));
            tables.places.push_back(static_cast<std::uint32_t>(place));
            tables.release_keys.push_back(row.facts().release_key);
            CATALOG_TRY_VOID(tables.keys.add(writer.key(), doc, static_cast<std::uint32_t>(place)));
        }
    }
    CATALOG_TRY_VOID(tables.keys.finish());
    return tables;
}

}  // namespace catalog::index
