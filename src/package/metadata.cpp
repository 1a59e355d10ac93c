#include "catalog/package/metadata.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <type_traits>

#include "catalog/json/write.hpp"
#include "metadata_json.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

struct TypeName {
    PackageType type;
    std::string_view name;
};

constexpr std::array<TypeName, 8> kTypeNames{{{PackageType::kLibrary, "library"},
                                              {PackageType::kApplication, "application"},
                                              {PackageType::kVm, "vm"},
                                              {PackageType::kContainer, "container"},
                                              {PackageType::kDataset, "dataset"},
                                              {PackageType::kModel, "model"},
                                              {PackageType::kTemplate, "template"},
                                              {PackageType::kResource, "resource"}}};

void sort_set(std::vector<std::string>& texts) {
    std::ranges::sort(texts);
    const auto repeated = std::ranges::unique(texts);
    texts.erase(repeated.begin(), repeated.end());
}

void canonicalise_platform(PlatformPredicate& platform) {
    const std::string text = platform.to_string();
    std::vector<std::string> patterns;
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t comma = std::min(text.find(',', start), text.size());
        patterns.push_back(text.substr(start, comma - start));
        start = comma + 1;
    }
    if (patterns.size() < 2) return;
    sort_set(patterns);
    std::string sorted;
    for (const std::string& pattern : patterns) sorted += (sorted.empty() ? "" : ",") + pattern;
    // It cannot fail: these are the patterns that the predicate printed.
    if (auto parsed = PlatformPredicate::parse(sorted)) platform = *std::move(parsed);
}

void canonicalise_number(json::Value& value) {
    constexpr auto kExactMax = static_cast<std::int64_t>(kExactIntegerMax);
    // First, because rounding can bring an integer beyond 2^53 back to it.
    if (const std::int64_t* whole = value.as_int();
        whole != nullptr && (*whole > kExactMax || *whole < -kExactMax))
        value = static_cast<double>(*whole);
    if (const double* number = value.as_double()) {
        if (!std::isfinite(*number))
            value = nullptr;
        else if (std::trunc(*number) == *number && std::abs(*number) <= kExactMax)
            value = static_cast<std::int64_t>(*number);
    }
}

/// Visits every value with a stack of its own: the depth is the input's.
void canonicalise_numbers(json::Object& object) {
    std::vector<json::Value*> open;
    for (auto& [name, value] : object) open.push_back(&value);
    while (!open.empty()) {
        json::Value* value = open.back();
        open.pop_back();
        if (json::Array* array = value->as_array()) {
            for (json::Value& element : *array) open.push_back(&element);
        } else if (json::Object* members = value->as_object()) {
            for (auto& [name, member] : *members) open.push_back(&member);
        } else {
            canonicalise_number(*value);
        }
    }
}

/// Puts `items` in order of `key(item)`, what is written deciding between equal keys, and removes
/// repetitions. Keys are made once an item.
template <class Item, class Key, class Write>
void sort_items(std::vector<Item>& items, const Key& key, const Write& write) {
    struct Keyed {
        std::invoke_result_t<Key, const Item&> order;
        Item item;
    };
    std::vector<Keyed> keyed;
    keyed.reserve(items.size());
    for (Item& item : items) {
        auto order = key(item);
        keyed.push_back({std::move(order), std::move(item)});
    }
    std::ranges::sort(keyed, [&](const Keyed& a, const Keyed& b) {
        if (a.order != b.order) return a.order < b.order;
        return write(a.item) < write(b.item);
    });
    items.clear();
    for (Keyed& entry : keyed)
        if (items.empty() || items.back() != entry.item) items.push_back(std::move(entry.item));
}

}  // namespace

std::string_view package_type_name(PackageType type) noexcept {
    for (const TypeName& row : kTypeNames)
        if (row.type == type) return row.name;
    return "unknown";
}

Result<PackageType> parse_package_type(std::string_view text) {
    for (const TypeName& row : kTypeNames)
        if (row.name == text) return row.type;
    return fail(Error(Errc::kMetadataInvalid, "unknown type of package " + quoted(text))
                    .with_hint("use library, application, vm, container, dataset, model, template "
                               "or resource"));
}

PackageId PackageMetadata::id() const {
    // A SemVer's text is always within the character set that an id asks for.
    return *PackageId::make(name, version.to_string());
}

void canonicalise(PackageMetadata& metadata) {
    for (Dependency& dependency : metadata.dependencies) {
        sort_set(dependency.features);
        canonicalise_platform(dependency.platform);
        canonicalise_numbers(dependency.extra);
    }
    sort_items(
        metadata.dependencies,
        [](const Dependency& item) {
            return std::tuple(item.kind, item.target.name, item.platform.to_string());
        },
        [](const Dependency& item) { return json::write_canonical(dependency_to_json(item)); });
    sort_items(
        metadata.conflicts,
        [](const Conflict& item) {
            return std::tuple(item.name, item.constraint.to_string(), item.constraint.dialect());
        },
        [](const Conflict&) { return 0; });
    sort_items(
        metadata.provides,
        [](const Provide& item) { return std::tuple(item.name, item.version.to_string()); },
        [](const Provide&) { return 0; });
    for (auto& [name, switched_on] : metadata.features) sort_set(switched_on);
    sort_set(metadata.binaries);
    sort_set(metadata.templates);
    sort_set(metadata.resources);
    canonicalise_numbers(metadata.extra);
}

}  // namespace catalog::package
