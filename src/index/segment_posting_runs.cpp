#include "segment_posting_runs.hpp"

#include <algorithm>
#include <cstring>

#include "segment_sort.hpp"

namespace catalog::index {

namespace {

// What one posting takes at most: gap and weight.
constexpr std::size_t kPackedPostingBytesMax = 4 + 1;
// What stands before those of a term at most: term, bytes, count.
constexpr std::size_t kHeadBytesMax = 5 + 5 + 5;

std::byte* put_number(std::byte* to, std::uint32_t number) noexcept {
    for (; number >= 0x80; number >>= 7) *to++ = static_cast<std::byte>(number | 0x80);
    *to++ = static_cast<std::byte>(number);
    return to;
}

std::uint32_t take_number(const std::byte*& from) noexcept {
    std::uint32_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = std::to_integer<std::uint32_t>(*from++);
        number |= (byte & 0x7f) << shift;
        if (byte < 0x80) return number;
    }
}

std::uint32_t term_of(std::uint64_t posting) noexcept {
    return static_cast<std::uint32_t>(posting >> PostingRuns::kTermShift);
}

}  // namespace

// Appends count, gaps and weights of one term.
std::byte* PostingRuns::pack(std::size_t from, std::size_t end, std::byte* to) const noexcept {
    std::uint32_t count = 0;
    for (std::size_t i = from; i < end; ++i)
        count += i == from || pending_[i] >> 8 != pending_[i - 1] >> 8 ? 1 : 0;
    to = put_number(to, count);
    std::uint32_t last = 0;
    for (std::size_t i = from; i < end;) {
        const std::uint64_t at = pending_[i] >> 8;
        unsigned weight = 0;
        for (; i < end && pending_[i] >> 8 == at; ++i)
            weight += static_cast<unsigned>(pending_[i] & 0xff);
        const auto version = static_cast<std::uint32_t>(at & (kVersionsMax - 1));
        to = put_number(to, version - last);
        last = version;
        if (has_weights_) *to++ = static_cast<std::byte>(std::min(weight, 255U));
    }
    return to;
}

void PostingRuns::end_run(std::uint32_t first, std::uint32_t terms) {
    sort_by_upper(pending_, scratch_, terms);
    // A head a posting is more than there can be.
    const std::size_t room = pending_.size() * (kPackedPostingBytesMax + kHeadBytesMax);
    if (room_.size() < room) room_.resize(room);
    std::byte* to = room_.data();
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < pending_.size();) {
        const std::uint32_t term = term_of(pending_[i]);
        std::size_t end = i + 1;
        while (end < pending_.size() && term_of(pending_[end]) == term) ++end;
        std::byte* const list = to + kHeadBytesMax;
        const auto bytes = static_cast<std::size_t>(pack(i, end, list) - list);
        to = put_number(put_number(to, term - last), static_cast<std::uint32_t>(bytes));
        std::memmove(to, list, bytes);
        to += bytes;
        last = term;
        i = end;
    }
    Run& run = runs_.emplace_back();
    run.bytes.assign(room_.data(), to);
    run.first = first;
    pending_.clear();
}

void PostingRuns::end_adding() noexcept {
    pending_ = {};
    room_ = {};
}

// Where the run's bytes go on, without what only its making needed.
void PostingRuns::rank(Run& run, const std::vector<std::uint32_t>& ranks) {
    pending_.clear();
    const std::byte* const begin = run.bytes.data();
    std::uint32_t term = 0;
    for (const std::byte* at = begin; at != begin + run.bytes.size();) {
        term += take_number(at);
        pending_.push_back(std::uint64_t{ranks[term]} << 32 |
                           static_cast<std::uint32_t>(at - begin));
        const std::uint32_t bytes = take_number(at);
        at += bytes;
    }
    sort_by_upper(pending_, scratch_, ranks.size());
    room_.resize(std::max(room_.size(), run.bytes.size() + pending_.size() * kHeadBytesMax));
    std::byte* to = room_.data();
    std::uint32_t last = 0;
    constexpr std::size_t kAhead = 8;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        if (i + kAhead < pending_.size())
            __builtin_prefetch(begin + (pending_[i + kAhead] & 0xffffffff));
        const std::byte* from = begin + (pending_[i] & 0xffffffff);
        const std::uint32_t bytes = take_number(from);
        to = put_number(to, term_of(pending_[i]) - last);
        last = term_of(pending_[i]);
        std::memcpy(to, from, bytes);
        to += bytes;
    }
    const auto size = static_cast<std::size_t>(to - room_.data());
    if (size > run.bytes.size()) run.bytes = Bytes(size);
    std::memcpy(run.bytes.data(), room_.data(), size);
    run.bytes.resize(size);
    step(run);
}

void PostingRuns::rank(const std::vector<std::uint32_t>& ranks) {
    for (Run& run : runs_) rank(run, ranks);
    end_adding();
    scratch_ = {};
}

void PostingRuns::step(Run& run) const noexcept {
    if (run.at == run.bytes.size()) {
        run.next = UINT64_MAX;
        return;
    }
    const std::byte* at = run.bytes.data() + run.at;
    run.next += take_number(at);
    run.at = static_cast<std::size_t>(at - run.bytes.data());
}

void PostingRuns::take(std::uint32_t rank, std::vector<std::uint32_t>& docs,
                       std::vector<std::uint8_t>& weights) {
    for (Run& run : runs_) {
        if (run.next != rank) continue;
        const std::byte* at = run.bytes.data() + run.at;
        std::uint32_t doc = run.first;
        for (std::uint32_t count = take_number(at); count > 0; --count) {
            doc += take_number(at);
            docs.push_back(doc);
            if (has_weights_) weights.push_back(std::to_integer<std::uint8_t>(*at++));
        }
        run.at = static_cast<std::size_t>(at - run.bytes.data());
        step(run);
    }
}

}  // namespace catalog::index
