#include "query_names.hpp"

#include <algorithm>
#include <array>

#include "catalog/internal/try.hpp"
#include "segment_view.hpp"

namespace catalog::index {

NameLeaps::NameLeaps(const Moment& moment)
    : moment_(&moment), delta_(moment.iterate(moment.families().packages)) {
    for (const SealedSegment& segment : moment.segments()) sealed_.push_back({&segment, 0});
}

Result<bool> NameLeaps::leap(std::string_view from) {
    const std::string key = name_key(from);
    const std::string_view delta_kind(key.data(), 1);
    // What lies near is reached sooner step by step.
    if (delta_begun_ && delta_->valid() && delta_->key() < key) delta_->next();
    const bool is_past =
        delta_begun_ && (!delta_->valid() || !delta_->key().starts_with(delta_kind));
    if (!is_past && (!delta_begun_ || delta_->key() < key)) delta_->seek(key);
    delta_begun_ = true;
    for (SealedAt& at : sealed_) {
        const Segment& segment = at.segment->segment();
        for (int near = 0; near < 2 && at.name < segment.name_count(); ++near) {
            if (segment.name_text(NameId{at.name}) >= from) break;
            ++at.name;
        }
        if (at.name < segment.name_count() && segment.name_text(NameId{at.name}) < from)
            at.name = segment.view().lower_name(from);
    }
    return settle();
}

Result<bool> NameLeaps::next() { return leap(name_ + '\x01'); }

Result<bool> NameLeaps::settle() {
    std::string_view least;
    if (!delta_->valid()) CATALOG_TRY_VOID(delta_->status());
    if (delta_->valid() && delta_->key().starts_with(name_key(""))) least = delta_->key().substr(1);
    for (const SealedAt& at : sealed_) {
        const Segment& segment = at.segment->segment();
        if (at.name >= segment.name_count()) continue;
        const std::string_view text = segment.name_text(NameId{at.name});
        if (text.empty())
            return fail(Error(Errc::kIndexCorrupted,
                              "the index is damaged: a segment holds a malformed version")
                            .with_hint("make the index anew with: catalog repair"));
        if (least.empty() || text < least) least = text;
    }
    if (least.empty()) return false;
    name_ = std::string(least);
    return true;
}

bool NameLeaps::counts() const noexcept {
    if (delta_->valid() && delta_->key() == name_key(name_)) return true;
    return std::ranges::any_of(sealed_, [this](const SealedAt& at) {
        const Segment& segment = at.segment->segment();
        if (at.name >= segment.name_count() || segment.name_text(NameId{at.name}) != name_)
            return false;
        return at.segment->place.dead.empty() || at.segment->has_name(name_);
    });
}

namespace {

constexpr std::size_t kStepsMax = 4'096;
constexpr std::size_t kRankedMax = 64;
constexpr std::size_t kNameBytesMax = 214;

char fold(char c) noexcept {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return c == '_' || c == '.' ? '-' : c;
}

/// The names within a distance of a text, found by going through sorted names as through a trie: a
/// beginning from which the text cannot be reached any more is left behind with one leap (as in
/// Schulz and Mihov, "Fast string correction with Levenshtein automata", 2002, with rows of the
/// distance table in place of an automaton).
class NearWalk {
public:
    NearWalk(const Moment& moment, std::string_view wanted, unsigned distance_max, bool same_first)
        : leaps_(moment), text_(wanted), most_(distance_max), same_first_(same_first) {
        for (char& c : text_) c = fold(c);
        rows_.resize((text_.size() + most_ + 2) * width());
        for (std::size_t j = 0; j < width(); ++j) row(0)[j] = small(j);
    }

    /// Takes `steps` names at most from what is left of them.
    Result<std::vector<NearName>> run(std::string_view wanted, std::size_t& steps) {
        std::vector<NearName> found;
        CATALOG_TRY(bool more, leaps_.leap(same_first_ ? first_alive(0, 0) : std::string()));
        while (more && steps > 0) {
            --steps;
            const std::string& name = leaps_.name();
            const std::size_t dead = descend(name);
            if (dead == 0) {
                const unsigned distance = row(name.size())[text_.size()];
                if (distance <= most_ && name != wanted && leaps_.counts())
                    found.push_back({name, distance, 0});
                CATALOG_TRY(more, leaps_.next());
                continue;
            }
            const std::string target = behind(name, dead);
            if (target.empty()) break;
            CATALOG_TRY(more, leaps_.leap(target));
        }
        return found;
    }

private:
    [[nodiscard]] std::size_t width() const noexcept { return text_.size() + 1; }
    [[nodiscard]] std::uint8_t* row(std::size_t depth) noexcept {
        return rows_.data() + depth * width();
    }
    /// Distances above the greatest that counts are all the same.
    [[nodiscard]] std::uint8_t small(std::size_t distance) const noexcept {
        return static_cast<std::uint8_t>(std::min<std::size_t>(distance, most_ + 1));
    }
    [[nodiscard]] std::uint8_t least(std::size_t depth) noexcept {
        return *std::min_element(row(depth), row(depth) + width());
    }

    /// Fills the rows of a name; returns the length of its shortest beginning that leads nowhere,
    /// or 0.
    std::size_t descend(const std::string& name) {
        std::size_t depth = 0;
        const std::size_t known = std::min({known_, name.size(), at_.size()});
        while (depth < known && name[depth] == at_[depth]) ++depth;
        at_ = name;
        for (known_ = depth; known_ < name.size(); ++known_) {
            const char c = fold(name[known_]);
            if (same_first_ && known_ == 0 && c != text_[0]) return 1;
            if (known_ + 1 >= rows_.size() / width()) return known_ + 1;
            add_row(known_, c);
            if (least(known_ + 1) > most_) return known_ + 1;
        }
        return 0;
    }

    void add_row(std::size_t depth, char c) {
        const std::uint8_t* const above = row(depth);
        std::uint8_t* const here = row(depth + 1);
        here[0] = small(depth + 1);
        for (std::size_t j = 1; j < width(); ++j) {
            unsigned best = std::min(above[j], here[j - 1]) + 1U;
            best = std::min(best, above[j - 1] + (text_[j - 1] == c ? 0U : 1U));
            if (depth > 0 && j > 1 && text_[j - 2] == c && text_[j - 1] == fold(at_[depth - 1]))
                best = std::min(best, row(depth - 1)[j - 2] + 1U);
            here[j] = small(best);
        }
    }

    /// The least text behind all that begin with the `dead` first bytes of a name, from which the
    /// wanted one may be reached; empty when there is none.
    std::string behind(const std::string& name, std::size_t dead) {
        for (std::size_t depth = dead; depth-- > 0;) {
            const auto c = static_cast<unsigned char>(name[depth]);
            std::string next = first_alive(depth, c + 1U);
            if (!next.empty()) return name.substr(0, depth) + next;
        }
        return {};
    }

    /// The least byte, `from` or greater, with which a beginning of `depth` bytes goes on to
    /// something that may be reached.
    std::string first_alive(std::size_t depth, unsigned from) {
        const bool fixed = same_first_ && depth == 0;
        if (from > 0x7e) return {};
        if (!fixed && least(depth) < most_)
            return std::string(1, static_cast<char>(std::max(from, 0x21U)));
        unsigned best = 0x7f;
        const auto offer = [&best, from](char folded) {
            const std::array<char, 3> forms =
                folded == '-' ? std::array{'-', '.', '_'}
                              : std::array{folded, folded,
                                           folded >= 'a' && folded <= 'z'
                                               ? static_cast<char>(folded - 'a' + 'A')
                                               : folded};
            for (const char form : forms) {
                const unsigned c = static_cast<unsigned char>(form);
                if (c >= from && c < best) best = c;
            }
        };
        for (std::size_t j = 0; j < text_.size(); ++j) {
            if (fixed && j > 0) break;
            if (fixed || row(depth)[j] <= most_) offer(text_[j]);
            const bool exchanged = depth > 0 && j > 0 && text_[j] == fold(at_[depth - 1]) &&
                                   row(depth - 1)[j - 1] < most_;
            if (exchanged) offer(text_[j - 1]);
        }
        return best == 0x7f ? std::string() : std::string(1, static_cast<char>(best));
    }

    NameLeaps leaps_;
    std::string text_;  ///< Folded.
    unsigned most_;
    bool same_first_;
    std::vector<std::uint8_t> rows_;
    std::string at_;         ///< The name that the rows are of,
    std::size_t known_ = 0;  ///< and how many bytes of it they take in.
};

bool is_nearer(const NearName& a, const NearName& b) {
    if (a.distance != b.distance) return a.distance < b.distance;
    if (a.dependents != b.dependents) return a.dependents > b.dependents;
    return a.name < b.name;
}

}  // namespace

Result<std::uint64_t> dependents_of(const Moment& moment, std::string_view name) {
    std::uint64_t count = 0;
    for (const SealedSegment& sealed : moment.segments()) {
        const DocList docs = sealed.segment().dependents(name);
        if (sealed.place.dead.empty()) {
            count += docs.size();
            continue;
        }
        for (std::size_t i = 0; i < docs.size() && count < kDependentsCounted; ++i)
            count += sealed.is_dead(static_cast<std::uint32_t>(docs[i])) ? 0 : 1;
    }
    const std::string prefix = posting_prefix(TermKind::kDependency, name);
    const std::unique_ptr<kv::Iterator> iterator = moment.iterate(moment.families().postings);
    for (iterator->seek(prefix);
         count < kDependentsCounted && iterator->valid() && iterator->key().starts_with(prefix);
         iterator->next())
        ++count;
    CATALOG_TRY_VOID(iterator->status());
    return std::min(count, kDependentsCounted);
}

Result<std::vector<NearName>> near_names(const Moment& moment, std::string_view wanted,
                                         std::size_t limit) {
    if (wanted.empty() || wanted.size() > kNameBytesMax) return std::vector<NearName>();
    std::size_t steps = kStepsMax;
    CATALOG_TRY(std::vector<NearName> found,
                NearWalk(moment, wanted, 1, wanted.size() < 2).run(wanted, steps));
    if (found.empty() && wanted.size() >= 4) {
        CATALOG_TRY(found, NearWalk(moment, wanted, 2, true).run(wanted, steps));
    }
    std::ranges::sort(found, is_nearer);
    if (found.size() > kRankedMax) found.erase(found.begin() + kRankedMax, found.end());
    for (NearName& near : found) {
        CATALOG_TRY(near.dependents, dependents_of(moment, near.name));
    }
    std::ranges::sort(found, is_nearer);
    if (found.size() > limit)
        found.erase(found.begin() + static_cast<std::ptrdiff_t>(limit), found.end());
    return found;
}

}  // namespace catalog::index
