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

}  // namespace

TermCollector::TermCollector(const SegmentDraft& draft, const SegmentOrder& order,
                             const SegmentSecret& secret)
    : draft_(draft),
      order_(order),
      facets_(QuickHash(secret)),
      words_(QuickHash(secret)),
      run_words_(QuickHash(secret)) {
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
    return facets_.id(folded_);
}

TermCollector::WordRange TermCollector::split(std::string_view text) {
    const std::size_t first = batch_words_.size();
    auto* const lower =
        reinterpret_cast<char*>(lowered_.take(text.size() + SegmentWordTable::kReadAhead));
    std::ranges::transform(text, lower, lower_byte);
    for_each_word_place(text, [this, lower](std::size_t from, std::size_t end) {
        batch_words_.push_back(
            run_words_.word(lower + from, std::min(end - from, kTermWordBytesMax)));
        run_words_.prefetch(batch_words_.back());
    });
    return {first, batch_words_.size()};
}

void TermCollector::resolve(const WordRange& range, Numbers& out) {
    ++run_serial_;
    out.clear();
    for (std::size_t i = range.first; i < range.end; ++i) {
        bool is_new = false;
        const std::uint32_t number = run_words_.number(batch_words_[i], run_serial_, is_new);
        if (is_new) out.push_back(number);
    }
}

void TermCollector::add_words(const Numbers& words, unsigned weight) {
    const auto version = static_cast<std::uint32_t>(lengths_.size()) - run_first_;
    for (const std::uint32_t word : words) word_postings_.add(word | kRunWord, version, weight);
}

// Values of facets first, then words.
void TermCollector::learn(Known& known, std::uint32_t text, Facet facet) {
    const std::string_view value = draft_.texts.text(text);
    known.first[text] = static_cast<std::uint32_t>(known.list.size()) + 1;
    const auto begin_list = [&known] {
        known.list.push_back(0);
        return known.list.size();
    };
    const auto end_list = [&known](std::size_t first) {
        known.list[first - 1] = static_cast<std::uint32_t>(known.list.size() - first);
    };
    const std::size_t values = begin_list();
    if (!value.empty()) known.list.push_back(facet_term(facet, value, facet != Facet::kTag));
    if (facet == Facet::kAuthor)
        for_each_word(value, static_cast<char>(Facet::kAuthor),
                      [&](std::string_view word) { known.list.push_back(facets_.id(word)); });
    const auto begin = known.list.begin() + static_cast<std::ptrdiff_t>(values);
    std::sort(begin, known.list.end());
    known.list.erase(std::unique(begin, known.list.end()), known.list.end());
    end_list(values);
    const std::size_t words = begin_list();
    if (facet == Facet::kKeyword) {
        ++serial_;
        const WordRange range = split(value);
        for (std::size_t i = range.first; i < range.end; ++i) {
            bool is_new = false;
            const std::uint32_t number = words_.number(batch_words_[i], serial_, is_new);
            if (is_new) known.list.push_back(number);
        }
        batch_words_.resize(range.first);
    }
    end_list(words);
}

std::size_t TermCollector::add_known(Known& known, std::uint32_t text, Facet facet,
                                     unsigned weight) {
    if (known.first[text] == 0) learn(known, text, facet);
    const auto version = static_cast<std::uint32_t>(lengths_.size()) - run_first_;
    const std::uint32_t* at = &known.list[known.first[text] - 1];
    for (std::uint32_t count = *at++; count > 0; --count) facet_postings_.add(*at++, version, 0);
    const std::uint32_t words = *at++;
    for (std::uint32_t i = 0; i < words; ++i) word_postings_.add(at[i], version, weight);
    return words;
}

void TermCollector::collect_type_and_state(const DraftHead& head) {
    const auto version = static_cast<std::uint32_t>(lengths_.size()) - run_first_;
    std::uint32_t& type = types_[head.type];
    if (type == kNoNumber) {
        const auto value = static_cast<package::PackageType>(head.type);
        type = facet_term(Facet::kType, package::package_type_name(value), false);
    }
    facet_postings_.add(type, version, 0);
    std::uint32_t& state = states_[head.flags & kFlagStateMask];
    if (state == kNoNumber) {
        const auto value = static_cast<package::PackageState>(head.flags & kFlagStateMask);
        state = facet_term(Facet::kState, package::state_name(value), false);
    }
    facet_postings_.add(state, version, 0);
}

void TermCollector::collect_version(const DraftRow& row, const Ahead& ahead) {
    const DraftHead& head = row.head();
    if (ahead.has_name) resolve(ahead.name, name_words_);
    add_words(name_words_, kNameWordWeight);
    std::uint64_t length = name_words_.size() * kNameWordWeight;
    if (ahead.has_description) resolve(ahead.description, description_words_);
    add_words(description_words_, kDescriptionWordWeight);
    length += description_words_.size() * kDescriptionWordWeight;
    for (const std::uint32_t keyword : row.keywords())
        length +=
            kKeywordWordWeight * add_known(keywords_, keyword, Facet::kKeyword, kKeywordWordWeight);
    for (const std::uint32_t author : row.authors()) add_known(authors_, author, Facet::kAuthor, 0);
    for (const std::uint32_t tag : row.tags()) add_known(tags_, tag, Facet::kTag, 0);
    if (head.license != kNoNumber) add_known(licenses_, head.license, Facet::kLicense, 0);
    collect_type_and_state(head);
    const auto version = static_cast<std::uint32_t>(lengths_.size()) - run_first_;
    for (const std::uint32_t name : row.provided())
        facet_postings_.add(facet_term(Facet::kProvided, draft_.names.text(name), false), version,
                            0);
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
    batch_words_.clear();
    lowered_.reuse();
    for (std::uint32_t doc = first; doc < end; ++doc) {
        order_.prefetch_behind(doc);
        order_.prefetch_name_behind(draft_, name);
        const DraftRow row(order_.docs[doc]);
        Ahead& ahead = ahead_[doc - first];
        // What the run before knew has other numbers in this one.
        const bool begins_run = doc == run_first_;
        const bool begins_name = order_.first_docs[name] == doc;
        if (begins_name) ++name;
        ahead.has_name = begins_run || begins_name;
        if (ahead.has_name) ahead.name = split(draft_.names.text(order_.names[name - 1]));
        ahead.has_description = begins_run || row.description() != description_;
        description_ = row.description();
        if (ahead.has_description) ahead.description = split(description_);
        prefetch_known(keywords_, row.keywords(), false);
        prefetch_known(authors_, row.authors(), false);
    }
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
        for (std::uint32_t doc = first; doc < std::min(first + kBatchVersions, docs); ++doc)
            collect_version(DraftRow(order_.docs[doc]), ahead_[doc - first]);
    }
    end_run();
    for (Known* known : {&authors_, &keywords_, &tags_, &licenses_}) *known = {};
    for (PostingRuns* postings : {&facet_postings_, &word_postings_}) postings->end_adding();
    run_words_.clear_all();
    words_.end_adding();
    facets_.end_adding();
    facet_count_ = facets_.size();
    terms_ = facet_count_ + words_.size();
}

// The numbers that the words of the run have among all.
TermCollector::Numbers TermCollector::words_of_run() {
    constexpr std::size_t kAtOnce = 32;
    constexpr unsigned kHashBits = 10;
    const std::vector<Word>& words = run_words_.words();
    // In the order of the big table, so that neighbours are on one of its pages.
    Numbers places((std::size_t{1} << kHashBits) + 1);
    for (const Word& word : words) ++places[(word.hash >> (64 - kHashBits)) + 1];
    for (std::size_t i = 1; i < places.size(); ++i) places[i] += places[i - 1];
    Numbers order(words.size());
    for (std::uint32_t i = 0; i < words.size(); ++i)
        order[places[words[i].hash >> (64 - kHashBits)]++] = i;
    Numbers numbers(words.size());
    ++serial_;
    for (std::size_t first = 0; first < order.size(); first += kAtOnce) {
        const auto some = std::span(order).subspan(first, std::min(kAtOnce, order.size() - first));
        for (const std::uint32_t word : some) words_.prefetch(words[word]);
        bool is_new = false;
        for (const std::uint32_t word : some)
            numbers[word] = words_.number(words[word], serial_, is_new);
    }
    return numbers;
}

void TermCollector::end_run() {
    constexpr std::uint64_t kWaits = std::uint64_t{kRunWord} << PostingRuns::kTermShift;
    const Numbers numbers = words_of_run();
    for (std::uint64_t& posting : word_postings_.pending())
        if ((posting & kWaits) != 0)
            posting = std::uint64_t{numbers[(posting ^ kWaits) >> PostingRuns::kTermShift]}
                          << PostingRuns::kTermShift |
                      (posting & 0xffffffff);
    word_postings_.end_run(run_first_, words_.size());
    facet_postings_.end_run(run_first_, facets_.size());
    run_words_.clear();
    run_serial_ = 0;
    run_first_ += kRunVersions;
}

}  // namespace catalog::index
