// list, get, search, versions, deps, dependents, complete, suggest, info, stats: what only looks.

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "catalog/core/ids.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/library/answers.hpp"
#include "requests/handlers.hpp"

namespace catalog::extension {

namespace {

constexpr std::size_t kHitsMax = 10'000;

Result<index::Filter> read_filter(const Arguments& arguments) {
    index::Filter filter;
    filter.name_prefix = arguments.text("name_prefix");
    filter.tag = arguments.text("tag");
    filter.keyword = arguments.text("keyword");
    filter.license = arguments.text("license");
    filter.author = arguments.text("author");
    filter.include_yanked = arguments.flag("yanked");
    filter.newest_only = !arguments.flag("all_versions");
    if (arguments.has("type")) {
        CATALOG_TRY(filter.type, package::parse_package_type(arguments.text("type")));
    }
    if (arguments.has("state")) {
        CATALOG_TRY(filter.state, package::parse_state(arguments.text("state")));
    }
    return filter;
}

bool is_unsigned(const index::IndexEntry& entry) noexcept {
    return entry.origin != index::Origin::kPublished;
}

/// Returns `NAME` or `NAME@REQ` of the members `id` and `requirement`.
Result<std::string> read_package(const Arguments& arguments) {
    std::string text = arguments.text("id");
    if (!arguments.has("requirement")) return text;
    if (text.find('@', 1) != std::string::npos)
        return fail(Error(Errc::kInvalidArgument, "the id has a version or requirement already")
                        .with_input("params.requirement"));
    return text + "@" + arguments.text("requirement");
}

/// Sorts hits that come best first. Hits that compare equal keep that order.
void sort_hits(std::vector<index::SearchHit>& hits, std::string_view by, bool ascending) {
    const auto sort_by = [&](auto key) {
        // Not stable_sort: clang refuses libstdc++ 12's.
        std::vector<std::size_t> order(hits.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
            const auto& less = hits[ascending ? a : b];
            const auto& more = hits[ascending ? b : a];
            if (key(less) < key(more)) return true;
            return !(key(more) < key(less)) && a < b;
        });
        std::vector<index::SearchHit> sorted;
        sorted.reserve(hits.size());
        for (const std::size_t at : order) sorted.push_back(std::move(hits[at]));
        hits = std::move(sorted);
    };
    if (by == "name") sort_by([](const auto& hit) { return hit.entry.id.name(); });
    if (by == "size") sort_by([](const auto& hit) { return hit.entry.file_bytes; });
    if (by == "published") sort_by([](const auto& hit) { return hit.entry.published; });
    if (by == "relevance" && ascending) std::ranges::reverse(hits);
}

}  // namespace

Result<json::Object> answer_list(const RequestCall& call) {
    CATALOG_TRY(const index::Filter filter, read_filter(call.arguments));
    CATALOG_TRY(index::Page page, call.library.list(filter, call.arguments.number("limit", 1000),
                                                    call.arguments.text("cursor"), call.context));
    if (call.arguments.flag("verified_only")) std::erase_if(page.entries, is_unsigned);
    return library::to_json(page);
}

Result<json::Object> answer_get(const RequestCall& call) {
    CATALOG_TRY(const std::string what, read_package(call.arguments));
    CATALOG_TRY(const index::LazyPackage package, call.library.find(what, call.context));
    const index::IndexEntry& entry = package.entry();
    CATALOG_TRY(const std::shared_ptr<const package::Manifest> manifest, package.manifest());
    CATALOG_TRY(const std::vector<index::IndexEntry> versions,
                call.library.versions(entry.id.name(), call.context));
    if (!call.arguments.flag("files"))
        return library::package_json(entry, *manifest, versions, nullptr);
    package::FileTable table;
    if (entry.origin == index::Origin::kPublished) {
        CATALOG_TRY(table, call.library.file_table(entry.digest, call.context));
    }
    return library::package_json(entry, *manifest, versions, &table);
}

Result<json::Object> answer_search(const RequestCall& call) {
    CATALOG_TRY(const index::Filter filter, read_filter(call.arguments));
    const std::size_t limit = call.arguments.number("limit", 20);
    const std::size_t offset = call.arguments.number("offset", 0);
    const std::string by = call.arguments.text("sort_by", "relevance");
    const std::string order = call.arguments.text("order", by == "name" ? "asc" : "desc");
    // What is dropped or moved afterwards has to be found first.
    const bool plain =
        by == "relevance" && order == "desc" && !call.arguments.flag("verified_only");
    CATALOG_TRY(index::Query query, index::Query::parse(call.arguments.text("words")));
    CATALOG_TRY_VOID(query.narrow(filter));
    query.cursor = call.arguments.text("cursor");
    const bool can_go_on = plain && offset == 0;
    if (!query.cursor.empty() && !can_go_on)
        return fail(Error(Errc::kInvalidArgument,
                          "pages are of hits by relevance, without an offset and unsigned ones")
                        .with_input("params.cursor"));
    query.limit = plain ? std::min(limit + offset, kHitsMax) : kHitsMax;
    library::SearchExtras extras;
    extras.count = call.arguments.flag("count");
    for (const std::string& name : call.arguments.texts("facets")) {
        CATALOG_TRY(const index::CountedField field, index::parse_counted_field(name));
        extras.facets.push_back(field);
    }
    CATALOG_TRY(library::SearchAnswer answer,
                library::answer_search(call.library, query, extras, call.context));
    std::vector<index::SearchHit>& hits = answer.page.hits;
    if (!can_go_on) answer.page.cursor.clear();
    if (call.arguments.flag("verified_only"))
        std::erase_if(hits, [](const auto& hit) { return is_unsigned(hit.entry); });
    sort_hits(hits, by, order == "asc");
    const auto first = static_cast<std::ptrdiff_t>(std::min(offset, hits.size()));
    hits.erase(hits.begin(), hits.begin() + first);
    if (hits.size() > limit)
        hits.erase(hits.begin() + static_cast<std::ptrdiff_t>(limit), hits.end());
    return library::to_json(answer);
}

Result<json::Object> answer_versions(const RequestCall& call) {
    CATALOG_TRY(const PackageName name, PackageName::parse(call.arguments.text("name")));
    CATALOG_TRY(const std::vector<index::IndexEntry> versions,
                call.library.versions(name, call.context));
    return json::Object{{"name", name.str()}, {"versions", library::to_json(versions)}};
}

Result<json::Object> answer_deps(const RequestCall& call) {
    CATALOG_TRY(const std::string what, read_package(call.arguments));
    CATALOG_TRY(const index::LazyPackage package, call.library.find(what, call.context));
    CATALOG_TRY(const std::shared_ptr<const package::Manifest> manifest, package.manifest());
    return library::dependencies_json(package.entry().id, manifest->metadata);
}

Result<json::Object> answer_dependents(const RequestCall& call) {
    CATALOG_TRY(const PackageName name, PackageName::parse(call.arguments.text("name")));
    if (call.arguments.flag("transitive")) {
        CATALOG_TRY(
            const index::Dependents all,
            call.library.all_dependents(name, call.arguments.number("limit", 1000), call.context));
        return library::dependents_json(name.str(), all);
    }
    CATALOG_TRY(const std::vector<index::DependencyEdge> edges,
                call.library.dependents(name, call.arguments.flag("all_versions"), call.context));
    return library::dependents_json(name.str(), edges);
}

Result<json::Object> answer_complete(const RequestCall& call) {
    CATALOG_TRY(const std::vector<std::string> names,
                call.library.complete(call.arguments.text("prefix"),
                                      call.arguments.number("limit", 20), call.context));
    return json::Object{{"names", library::to_json(names)}};
}

Result<json::Object> answer_suggest(const RequestCall& call) {
    const std::string name = call.arguments.text("name");
    CATALOG_TRY(const std::vector<std::string> names,
                call.library.suggest(name, call.arguments.number("limit", 5), call.context));
    return json::Object{{"name", name}, {"names", library::to_json(names)}};
}

Result<json::Object> answer_info(const RequestCall& call) {
    return library::to_json(call.library.metadata());
}

Result<json::Object> answer_stats(const RequestCall& call) {
    CATALOG_TRY(const library::LibraryStats stats, call.library.stats(call.context));
    return library::to_json(stats);
}

}  // namespace catalog::extension
