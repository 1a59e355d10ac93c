// What people write in a search.

#include <algorithm>
#include <optional>
#include <utility>

#include "catalog/index/query.hpp"
#include "catalog/internal/try.hpp"
#include "records.hpp"

namespace catalog::index {

namespace {

/// A piece of a query between spaces.
struct Piece {
    std::size_t at = 0;  ///< Byte at which it begins.
    bool is_excluded = false;
    std::string_view field;  ///< Before a colon; empty for none.
    std::string_view value;
    bool is_quoted = false;
    [[nodiscard]] bool is_or() const noexcept {
        return !is_excluded && !is_quoted && field.empty() && value == "OR";
    }
};

tl::unexpected<Error> invalid(std::string what, std::size_t at, std::string_view text) {
    return fail(
        Error(Errc::kQueryInvalid, std::move(what) + " (at byte " + std::to_string(at + 1) + ")")
            .with_input(std::string(text.substr(0, 100)))
            .with_hint("words, \"a phrase\", a OR b, -not, and field:value with name, "
                       "type, tag, keyword, license, author, state or depends"));
}

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_field_letter(char c) noexcept { return c >= 'a' && c <= 'z'; }

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    /// Returns the next piece, nothing at the end.
    Result<std::optional<Piece>> next() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
        if (at_ == text_.size()) return std::nullopt;
        Piece piece;
        piece.at = at_;
        if (text_[at_] == '-' && at_ + 1 < text_.size() && !is_space(text_[at_ + 1])) {
            piece.is_excluded = true;
            ++at_;
        }
        std::size_t end = at_;
        while (end < text_.size() && is_field_letter(text_[end])) ++end;
        if (end > at_ && end < text_.size() && text_[end] == ':') {
            piece.field = text_.substr(at_, end - at_);
            at_ = end + 1;
        }
        if (at_ < text_.size() && text_[at_] == '"') {
            const std::size_t close = text_.find('"', at_ + 1);
            if (close == std::string_view::npos)
                return invalid("a quote is not closed", at_, text_);
            piece.is_quoted = true;
            piece.value = text_.substr(at_ + 1, close - at_ - 1);
            at_ = close + 1;
            return piece;
        }
        end = at_;
        while (end < text_.size() && !is_space(text_[end]) && text_[end] != '"') ++end;
        piece.value = text_.substr(at_, end - at_);
        at_ = end;
        return piece;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text), reader_(text) {}

    Result<Query> run() {
        bool joins = false;
        for (;;) {
            CATALOG_TRY(const std::optional<Piece> piece, reader_.next());
            if (!piece) break;
            if (piece->is_or()) {
                if (joins || !can_join_)
                    return invalid("OR stands between two words or phrases", piece->at, text_);
                joins = true;
                continue;
            }
            CATALOG_TRY_VOID(piece->field.empty() ? add_words(*piece, joins)
                                                  : add_field(*piece, joins));
            joins = false;
        }
        if (joins) return invalid("OR stands between two words or phrases", text_.size(), text_);
        const bool finds = std::ranges::any_of(
            query_.clauses, [](const QueryClause& clause) { return !clause.is_excluded; });
        if (!finds && !has_filter_) return invalid("the search has no word", 0, text_);
        if (is_plain_) query_.exact = text_;
        return std::move(query_);
    }

private:
    Result<void> add_words(const Piece& piece, bool joins) {
        QueryAlternative alternative;
        alternative.is_phrase = piece.is_quoted;
        alternative.words = piece.is_quoted ? phrase_words(piece.value) : words_of(piece.value);
        if (alternative.words.empty()) {
            // Stray signs between words are no more than spaces.
            if (!joins && !piece.is_quoted && !piece.is_excluded) return {};
            return invalid("there is no word in this", piece.at, text_);
        }
        if (alternative.words.size() == 1) alternative.is_phrase = false;
        if (joins || piece.is_quoted || piece.is_excluded) is_plain_ = false;
        words_ += alternative.words.size();
        if (words_ > Query::kWordsMax)
            return invalid("a search has at most 16 words", piece.at, text_);
        if (joins) {
            if (piece.is_excluded)
                return invalid("OR does not join what is excluded", piece.at, text_);
            query_.clauses.back().any_of.push_back(std::move(alternative));
            return {};
        }
        QueryClause clause;
        clause.is_excluded = piece.is_excluded;
        clause.any_of.push_back(std::move(alternative));
        query_.clauses.push_back(std::move(clause));
        can_join_ = !piece.is_excluded;
        return {};
    }

    Result<void> add_field(const Piece& piece, bool joins) {
        if (joins) return invalid("OR does not join filters", piece.at, text_);
        can_join_ = false;
        has_filter_ = true;
        is_plain_ = false;
        if (piece.value.empty()) return invalid("a filter has no value", piece.at, text_);
        if (piece.field == "depends") {
            if (query_.depends.size() == Query::kDependenciesMax)
                return invalid("a search names at most 8 dependencies", piece.at, text_);
            query_.depends.push_back({std::string(piece.value), piece.is_excluded});
            return {};
        }
        if (piece.is_excluded)
            return invalid("only words, phrases and depends can be excluded", piece.at, text_);
        Filter& filter = query_.filter;
        const std::pair<std::string_view, std::string*> texts[] = {{"name", &filter.name_prefix},
                                                                   {"tag", &filter.tag},
                                                                   {"keyword", &filter.keyword},
                                                                   {"license", &filter.license},
                                                                   {"author", &filter.author}};
        for (const auto& [name, value] : texts) {
            if (piece.field != name) continue;
            if (!value->empty()) return invalid("a filter stands twice", piece.at, text_);
            *value = std::string(piece.value);
            return {};
        }
        if (piece.field == "type") {
            if (filter.type) return invalid("a filter stands twice", piece.at, text_);
            const auto type = package::parse_package_type(piece.value);
            if (!type) return invalid("there is no such type of package", piece.at, text_);
            filter.type = *type;
            return {};
        }
        if (piece.field != "state") return invalid("there is no such field", piece.at, text_);
        if (filter.state) return invalid("a filter stands twice", piece.at, text_);
        const auto state = package::parse_state(piece.value);
        if (!state) return invalid("there is no such state", piece.at, text_);
        filter.state = *state;
        return {};
    }

    /// The words of a phrase in order: parts of compounds, not the compounds.
    static std::vector<std::string> phrase_words(std::string_view text) {
        std::vector<std::string> parts;
        for_each_part(text, [&parts](std::string_view part) { parts.emplace_back(part); });
        return parts;
    }

    std::string_view text_;
    Reader reader_;
    Query query_;
    std::size_t words_ = 0;
    bool can_join_ = false;
    bool has_filter_ = false;
    bool is_plain_ = true;  ///< Words alone.
};

}  // namespace

Result<Query> Query::parse(std::string_view text) {
    if (text.size() > kTextBytesMax)
        return fail(Errc::kQueryInvalid, "a search has at most 4,096 bytes");
    return Parser(text).run();
}

Result<void> Query::narrow(const Filter& other) {
    const std::pair<std::string*, const std::string*> texts[] = {
        {&filter.name_prefix, &other.name_prefix},
        {&filter.tag, &other.tag},
        {&filter.keyword, &other.keyword},
        {&filter.license, &other.license},
        {&filter.author, &other.author}};
    const bool is_twice = (filter.type && other.type) || (filter.state && other.state) ||
                          std::ranges::any_of(texts, [](const auto& pair) {
                              return !pair.first->empty() && !pair.second->empty();
                          });
    if (is_twice) return fail(Errc::kQueryInvalid, "a filter stands in the words and beside them");
    for (const auto& [mine, more] : texts)
        if (!more->empty()) *mine = *more;
    if (other.type) filter.type = other.type;
    if (other.state) filter.state = other.state;
    filter.include_yanked = other.include_yanked;
    filter.newest_only = other.newest_only;
    return {};
}

Result<Query> Query::all_of(std::string_view words) {
    Query query;
    for (std::string& word : words_of(words)) {
        if (query.clauses.size() == kWordsMax)
            return fail(Errc::kQueryInvalid, "a search has at most 16 words");
        query.clauses.push_back({{{{std::move(word)}, false}}, false});
    }
    if (query.clauses.empty())
        return fail(Error(Errc::kQueryInvalid, "the search has no word")
                        .with_input(std::string(words.substr(0, 100))));
    query.exact = std::string(words);
    return query;
}

}  // namespace catalog::index
