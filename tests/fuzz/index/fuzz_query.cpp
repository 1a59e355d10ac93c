// The search language: whatever is written, it is read or refused with a place; what is read stays
// within its limits and can be searched for, and a cursor is an earlier page's or refused.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/index/query.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "query_plan.hpp"
#include "support/core/byte_feed.hpp"

namespace {

using namespace catalog;         // NOLINT: one file, one program
using namespace catalog::index;  // NOLINT
using fakes::require;

void check_limits(const Query& query) {
    std::size_t words = 0;
    for (const QueryClause& clause : query.clauses) {
        require(!clause.any_of.empty());
        require(!clause.is_excluded || clause.any_of.size() == 1);
        for (const QueryAlternative& alternative : clause.any_of) {
            require(!alternative.words.empty());
            words += alternative.words.size();
            for (const std::string& word : alternative.words)
                require(!word.empty() && word.size() <= 64);
        }
    }
    require(words <= Query::kWordsMax && query.depends.size() <= Query::kDependenciesMax);
}

void search_with(const Query& query) {
    const auto store = kv::make_memory_store(3);
    IndexFamilies families;
    families.packages = kv::Family{1};
    families.postings = kv::Family{2};
    const PackageIndex index(*store, families);
    const Result<SearchPage> page = index.search(query);
    require(page ? page->hits.empty() && page->cursor.empty()
                 : page.error().code() == Errc::kQueryInvalid);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t cut = std::min(bytes.find('\n'), bytes.size());
    Result<Query> query = Query::parse(bytes.substr(0, cut));
    if (!query) {
        require(query.error().code() == Errc::kQueryInvalid);
        return 0;
    }
    check_limits(*query);
    query->cursor = std::string(bytes.substr(std::min(cut + 1, bytes.size())));
    search_with(*query);
    return 0;
}
