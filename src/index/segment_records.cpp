#include "segment_records.hpp"

#include <algorithm>

#include "catalog/internal/try.hpp"

namespace catalog::index {

namespace {

constexpr std::uint64_t kPlacesMax = kNoNumber;

// What a record is made of, as bytes in their final order.
class RecordWriter {
public:
    RecordWriter(const SegmentOrder& order, const SegmentSecret& secret)
        : order_(order), hash_(secret) {}

    // Returns the bytes of a record, padded; valid until the next call.
    ByteView write(std::uint32_t doc, std::string_view name, const DraftRow& row) {
        const DraftHead& head = row.head();
        bytes_.assign(kRecordHeadBytes, std::byte{0});
        append(name);
        append(row.version());
        key_ = hash_.of(id_text(name, row.version()));
        std::byte* const at = bytes_.data();
        store_word(at, key_.low);
        store_word(at + 8, key_.high);
        store_word(at + kRecordDocAt, doc);
        store_word(at + kRecordFlagsAt, head.flags);
        store_word(at + kRecordVersionBytesAt, head.version_bytes);
        at[kRecordNameBytesAt] = static_cast<std::byte>(name.size());
        at[kRecordTypeAt] = static_cast<std::byte>(head.type);
        at[kRecordAuthorsAt] = static_cast<std::byte>(head.authors);
        at[kRecordKeywordsAt] = static_cast<std::byte>(head.keywords);
        at[kRecordTagsAt] = static_cast<std::byte>(head.tags);
        store_word(at + kRecordRelationsAt, head.relations);
        append_word(head.published);
        append_word(text_rank(head.license));
        bytes_.insert(bytes_.end(), head.digest.begin(), head.digest.end());
        if (row.has_content())
            bytes_.insert(bytes_.end(), row.content(), row.content() + kBodyContentBytes);
        for (const std::uint32_t author : row.authors()) append_word(text_rank(author));
        for (const std::uint32_t keyword : row.keywords()) append_word(text_rank(keyword));
        for (const std::uint32_t tag : row.tags()) append_word(text_rank(tag));
        const std::span<const std::uint32_t> relations = row.relations();
        for (std::size_t i = 0; i < relations.size(); i += 2) {
            append_word(order_.name_ranks[relations[i]]);
            append_word(text_rank(relations[i + 1]));
        }
        bytes_.resize((bytes_.size() + kRecordAlignment - 1) & ~(kRecordAlignment - 1));
        return bytes_;
    }

    // Of the record written last.
    [[nodiscard]] std::uint64_t key() const noexcept { return key_.low; }

private:
    [[nodiscard]] std::string_view id_text(std::string_view name, std::string_view version) {
        id_.assign(name);
        id_.append(1, '\0').append(version);
        return id_;
    }
    [[nodiscard]] std::uint32_t text_rank(std::uint32_t text) const noexcept {
        return text == kNoNumber ? kNoNumber : order_.text_ranks[text];
    }
    void append(std::string_view text) {
        const ByteView view = as_bytes(text);
        bytes_.insert(bytes_.end(), view.begin(), view.end());
    }
    template <class T>
    void append_word(T value) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof value);
        store_word(&bytes_[at], value);
    }

    const SegmentOrder& order_;
    SipHash hash_;
    SipHash::Value key_;
    std::string id_;
    Bytes bytes_;
};

}  // namespace

Result<RecordTables> write_records(SegmentFile& file, const SegmentDraft& draft,
                                   const SegmentOrder& order, const SegmentSecret& secret) {
    const auto docs = static_cast<std::uint32_t>(order.docs.size());
    RecordTables tables;
    tables.places.reserve(docs);
    tables.release_keys.reserve(docs);
    tables.keys = KeyTable(docs);
    RecordWriter writer(order, secret);
    CATALOG_TRY_VOID(file.begin(SectionKind::kRecords));
    const std::uint64_t start = file.offset();
    std::uint32_t doc = 0;
    for (std::uint32_t name = 0; name < order.own_names; ++name) {
        const std::string_view text = draft.names.text(order.names[name]);
        for (; doc < order.first_docs[name + 1]; ++doc) {
            order.prefetch_behind(doc);
            const DraftRow row(order.docs[doc]);
            const ByteView bytes = writer.write(doc, text, row);
            // A lookup in a cold file reads one page of records, not two.
            const std::size_t in_page = file.offset() % kPageBytes;
            if (bytes.size() <= kRecordPageBytesMax && in_page + bytes.size() > kPageBytes)
                CATALOG_TRY_VOID(file.append_zeros(kPageBytes - in_page));
            const std::uint64_t place = (file.offset() - start) / kRecordAlignment;
            if (place >= kPlacesMax)
                return fail(Errc::kLimitExceeded, "segment would have 64 GiB of records",
                            LimitDetail{"segment_record_bytes_max", kPlacesMax * kRecordAlignment,
                                        place * kRecordAlignment});
            CATALOG_TRY_VOID(file.append(bytes));
            tables.places.push_back(static_cast<std::uint32_t>(place));
            tables.release_keys.push_back(row.head().release_key);
            CATALOG_TRY_VOID(tables.keys.add(writer.key(), static_cast<std::uint32_t>(place)));
        }
    }
    CATALOG_TRY_VOID(tables.keys.finish());
    return tables;
}

}  // namespace catalog::index
