#include "segment_terms.hpp"

#include <algorithm>
#include <string>

#include "catalog/index/segment.hpp"
#include "catalog/package/metadata.hpp"
#include "catalog/package/state.hpp"
#include "segment_words.hpp"

namespace catalog::index {

namespace {

// As in index-records.md.
constexpr unsigned kNameWordWeight = 6;
constexpr unsigned kKeywordWordWeight = 3;
constexpr unsigned kDescriptionWordWeight = 1;

constexpr std::size_t kFacetValueBytesMax = 256;

constexpr std::size_t kRadixBits = 11;
constexpr std::size_t kRadix = std::size_t{1} << kRadixBits;

// What one posting takes in a run at most: term and count of a new term, version, weight.
constexpr std::size_t kRunPostingBytesMax = 5 + 3 + 3 + 1;

std::byte* put_number(std::byte* to, std::uint32_t number) noexcept {
    for (; number >= 0x80; number >>= 7) *to++ = static_cast<std::byte>(number | 0x80);
    *to++ = static_cast<std::byte>(number);
    return to;
}

}  // namespace

void sort_by_upper(std::vector<std::uint64_t>& entries, std::vector<std::uint64_t>& scratch,
                   std::uint64_t end) {
    scratch.resize(entries.size());
    for (unsigned shift = 32; (end << 32) >> shift != 0; shift += kRadixBits) {
        std::array<std::uint32_t, kRadix> next{};
        for (const std::uint64_t entry : entries) ++next[entry >> shift & (kRadix - 1)];
        std::uint32_t sum = 0;
        for (std::uint32_t& place : next) sum += std::exchange(place, sum);
        for (const std::uint64_t entry : entries)
            scratch[next[entry >> shift & (kRadix - 1)]++] = entry;
        entries.swap(scratch);
    }
}

TermCollector::TermCollector(const SegmentDraft& draft, const SegmentOrder& order,
                             const SegmentSecret& secret)
    : draft_(draft), order_(order), terms_(QuickHash(secret)) {
    types_.fill(kNoNumber);
    states_.fill(kNoNumber);
    for (Known* known : {&authors_, &keywords_, &tags_, &licenses_})
        known->first.resize(draft.texts.size());
    lengths_.reserve(order.docs.size());
}

std::uint32_t TermCollector::facet_term(Facet facet, std::string_view value, bool fold) {
    folded_.assign(1, static_cast<char>(facet));
    folded_.append(value.substr(0, kFacetValueBytesMax));
    if (fold) std::transform(folded_.begin() + 1, folded_.end(), folded_.begin() + 1, lower_byte);
    return terms_.id(folded_);
}

TermCollector::WordRange TermCollector::split(char kind, std::string_view text) {
    const std::size_t first = words_.size();
    for_each_word(text, kind, [this](std::string_view word) {
        const std::uint64_t hash = terms_.hash(word);
        terms_.prefetch(hash);
        words_.push_back({hash, word_texts_.size(), word.size()});
        word_texts_.append(word);
    });
    return {first, words_.size()};
}

void TermCollector::prefetch_words() const noexcept {
    for (const Word& word : words_) terms_.prefetch_text(word.hash);
}

void TermCollector::resolve(const WordRange& range, Numbers& out) {
    ++text_serial_;
    for (std::size_t i = range.first; i < range.end; ++i) {
        const Word& word = words_[i];
        SegmentInterner::Entry& entry =
            terms_.entry(std::string_view(word_texts_).substr(word.at, word.bytes), word.hash);
        if (std::exchange(entry.mark, text_serial_) != text_serial_) out.push_back(entry.id);
    }
}

void TermCollector::words(char kind, std::string_view text, Numbers& out) {
    const std::size_t texts = word_texts_.size();
    const WordRange range = split(kind, text);
    resolve(range, out);
    words_.resize(range.first);
    word_texts_.resize(texts);
}

void TermCollector::add(std::uint32_t term, unsigned weight) {
    const auto version = static_cast<std::uint32_t>(lengths_.size()) - run_first_;
    pending_.push_back(std::uint64_t{term} << 32 | std::uint64_t{version} << 8 | weight);
}

void TermCollector::add_known(Known& known, std::uint32_t text, Facet facet, unsigned weight) {
    if (known.first[text] == 0) {
        const std::string_view value = draft_.texts.text(text);
        known.first[text] = static_cast<std::uint32_t>(known.list.size()) + 1;
        const std::size_t count_at = known.list.size();
        known.list.push_back(0);
        if (!value.empty()) known.list.push_back(facet_term(facet, value, facet != Facet::kTag));
        if (facet == Facet::kAuthor) words(static_cast<char>(Facet::kAuthor), value, known.list);
        if (facet == Facet::kKeyword) words(static_cast<char>(Facet::kWord), value, known.list);
        known.list[count_at] = static_cast<std::uint32_t>(known.list.size() - count_at - 1);
    }
    const std::uint32_t* list = &known.list[known.first[text] - 1];
    for (std::uint32_t i = 1; i <= *list; ++i) add(list[i], weight);
}

void TermCollector::collect_type_and_state(const DraftHead& head) {
    std::uint32_t& type = types_[head.type];
    if (type == kNoNumber) {
        const auto value = static_cast<package::PackageType>(head.type);
        type = facet_term(Facet::kType, package::package_type_name(value), false);
    }
    add(type, 0);
    std::uint32_t& state = states_[head.flags & kFlagStateMask];
    if (state == kNoNumber) {
        const auto value = static_cast<package::PackageState>(head.flags & kFlagStateMask);
        state = facet_term(Facet::kState, package::state_name(value), false);
    }
    add(state, 0);
}

void TermCollector::collect_version(const DraftRow& row, const Ahead& ahead) {
    const DraftHead& head = row.head();
    std::size_t before = pending_.size();
    for (const std::uint32_t word : name_words_) add(word, kNameWordWeight);
    std::uint64_t length = (pending_.size() - before) * kNameWordWeight;
    if (ahead.has_description) {
        description_words_.clear();
        resolve(ahead.description, description_words_);
    }
    for (const std::uint32_t word : description_words_) add(word, kDescriptionWordWeight);
    length += description_words_.size() * kDescriptionWordWeight;
    before = pending_.size();
    std::size_t facets = 0;
    for (const std::uint32_t keyword : row.keywords()) {
        add_known(keywords_, keyword, Facet::kKeyword, kKeywordWordWeight);
        facets += draft_.texts.text(keyword).empty() ? 0 : 1;
    }
    length += (pending_.size() - before - facets) * kKeywordWordWeight;
    for (const std::uint32_t author : row.authors()) add_known(authors_, author, Facet::kAuthor, 0);
    for (const std::uint32_t tag : row.tags()) add_known(tags_, tag, Facet::kTag, 0);
    if (head.license != kNoNumber) add_known(licenses_, head.license, Facet::kLicense, 0);
    collect_type_and_state(head);
    for (const std::uint32_t name : row.provided())
        add(facet_term(Facet::kProvided, draft_.names.text(name), false), 0);
    length = std::min<std::uint64_t>(length, kLengthMax);
    lengths_.push_back(static_cast<std::uint16_t>(length));
    weight_ += length;
}

void TermCollector::prefetch_known(const Known& known, std::span<const std::uint32_t> texts,
                                   bool is_near) noexcept {
    for (const std::uint32_t text : texts)
        if (!is_near)
            __builtin_prefetch(&known.first[text]);
        else if (known.first[text] != 0)
            __builtin_prefetch(&known.list[known.first[text] - 1]);
}

// What the versions of a batch will look up is brought near while others are split.
std::uint32_t TermCollector::look_ahead(std::uint32_t first, std::uint32_t name) {
    const auto docs = static_cast<std::uint32_t>(order_.docs.size());
    const std::uint32_t end = std::min(first + kBatchVersions, docs);
    words_.clear();
    word_texts_.clear();
    for (std::uint32_t doc = first; doc < end; ++doc) {
        order_.prefetch_behind(doc);
        const DraftRow row(order_.docs[doc]);
        Ahead& ahead = ahead_[doc - first];
        ahead.has_name = order_.first_docs[name] == doc;
        if (ahead.has_name)
            ahead.name =
                split(static_cast<char>(Facet::kWord), draft_.names.text(order_.names[name++]));
        ahead.has_description = doc == 0 || row.description() != description_;
        description_ = row.description();
        if (ahead.has_description)
            ahead.description = split(static_cast<char>(Facet::kWord), description_);
        prefetch_known(keywords_, row.keywords(), false);
        prefetch_known(authors_, row.authors(), false);
    }
    prefetch_words();
    for (std::uint32_t doc = first; doc < end; ++doc) {
        const DraftRow row(order_.docs[doc]);
        prefetch_known(keywords_, row.keywords(), true);
        prefetch_known(authors_, row.authors(), true);
    }
    return name;
}

void TermCollector::collect() {
    const auto docs = static_cast<std::uint32_t>(order_.docs.size());
    std::uint32_t name = 0;
    for (std::uint32_t first = 0; first < docs; first += kBatchVersions) {
        // A run is whole batches.
        if (first - run_first_ == kRunVersions) end_run();
        name = look_ahead(first, name);
        for (std::uint32_t doc = first; doc < std::min(first + kBatchVersions, docs); ++doc) {
            const Ahead& ahead = ahead_[doc - first];
            if (ahead.has_name) {
                name_words_.clear();
                resolve(ahead.name, name_words_);
            }
            collect_version(DraftRow(order_.docs[doc]), ahead);
        }
    }
    end_run();
    pending_ = {};
    scratch_ = {};
    for (Known* known : {&authors_, &keywords_, &tags_, &licenses_}) *known = {};
}

void TermCollector::end_run() {
    sort_by_upper(pending_, scratch_, terms_.size());
    const auto room =
        std::make_unique_for_overwrite<std::byte[]>(pending_.size() * kRunPostingBytesMax);
    std::byte* to = room.get();
    TermRun run;
    for (std::size_t i = 0; i < pending_.size();) {
        const auto number = static_cast<std::uint32_t>(pending_[i] >> 32);
        const bool is_word = terms_.text(number).front() == static_cast<char>(Facet::kWord);
        std::size_t end = i;
        std::uint32_t count = 0;
        for (; end < pending_.size() && pending_[end] >> 32 == number; ++end)
            count += end == i || pending_[end] >> 8 != pending_[end - 1] >> 8 ? 1 : 0;
        run.places.push_back(std::uint64_t{number} << 32 |
                             static_cast<std::uint32_t>(to - room.get()));
        to = put_number(to, count);
        std::uint32_t last = 0;
        while (i < end) {
            const std::uint64_t at = pending_[i] >> 8;
            unsigned weight = 0;
            for (; i < end && pending_[i] >> 8 == at; ++i)
                weight += static_cast<unsigned>(pending_[i] & 0xff);
            const auto version = static_cast<std::uint32_t>(at & 0xffffff);
            to = put_number(to, version - last);
            last = version;
            if (is_word) *to++ = static_cast<std::byte>(std::min(weight, 255U));
        }
    }
    run.postings.assign(room.get(), to);
    run.places.shrink_to_fit();
    runs_.push_back(std::move(run));
    pending_.clear();
    run_first_ += kRunVersions;
}

}  // namespace catalog::index
